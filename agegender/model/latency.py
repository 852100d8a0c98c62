"""How long an exported network takes for one face."""

import statistics
import time

import numpy as np

from agegender.model.network import Network

WARM_UPS = 5
REPEATS = 30


def latency_ms(network: Network) -> float:
    """Measure what one face takes of one processor core, in milliseconds.

    The median of 30 times, after five that are not counted, by the clock of this
    thread alone: other programs on the machine hardly count.

    Args:
        network: Loaded with `threads=1`, or what its other threads do is not seen.
    """
    size = network.crop_rule.size
    face = np.zeros((1, size, size, 3), np.uint8)
    took = []
    for _ in range(WARM_UPS + REPEATS):
        begun = time.thread_time()
        network.predict(face)
        took.append(time.thread_time() - begun)
    return 1000.0 * statistics.median(took[WARM_UPS:])
