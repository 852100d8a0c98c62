"""Run every measurement, each in a process of its own, and print its table."""

from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

from benchmarks import (
    answers,
    augmentation,
    cold_start,
    crops,
    metadata,
    metadata_file,
    photos,
    search,
    serving,
    throughput,
    training,
)

METHOD = (
    "Each way is run once unmeasured, then in turn with the others, 5 rounds (training "
    "steps and WRN-16-8: 3). CPU s: "
    "processor seconds of the process, all threads, median. Ratio: the first way's "
    "seconds over this way's, round by round, median; above 1 is faster. Wall s: by "
    "the clock.\n"
)

if __name__ == "__main__":
    print(METHOD, flush=True)
    for measurement in (
        cold_start,
        metadata,
        metadata_file,
        crops,
        answers,
        photos,
        augmentation,
        search,
        serving,
        throughput,
        training,
    ):
        # What one leaves behind (MLflow's databases, TensorFlow's threads) is no
        # matter of the next one's.
        with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as apart:
            print(apart.submit(measurement.run).result(), end="\n\n", flush=True)
