"""How long an exported network takes for one face."""

import statistics
import time
from collections.abc import Callable

import numpy as np

from agegender.model.network import Network

WARM_UPS = 5
REPEATS = 30


def latency_ms(
    network: Network, clock: Callable[[], float] = time.thread_time
) -> float:
    """Measure what one face takes, in milliseconds.

    The median of 30 times, after five that are not counted.

    Args:
        network: Which.
        clock: In seconds. That of this thread alone hardly counts other programs on
            the machine; it wants a network loaded with `threads=1`, or what its other
            threads do is not seen.
    """
    size = network.crop_rule.size
    face = np.zeros((1, size, size, 3), np.uint8)
    took = []
    for _ in range(WARM_UPS + REPEATS):
        begun = clock()
        network.predict(face)
        took.append(clock() - begun)
    return 1000.0 * statistics.median(took[WARM_UPS:])
