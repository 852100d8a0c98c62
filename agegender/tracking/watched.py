"""What a training takes of its machine: processor, memory, disk, network, GPU."""

from collections.abc import Iterator
from contextlib import contextmanager

from mlflow.system_metrics.system_metrics_monitor import SystemMetricsMonitor

from agegender.tracking.run import Run


@contextmanager
def watched(run: Run, seconds: float) -> Iterator[None]:
    """Record the machine's state in a run while the block lasts, as `system/...`.

    A run that is gone on with goes on counting. What cannot be measured, such as a
    GPU where there is none, is not recorded.

    Args:
        run: Open.
        seconds: Between two looks; 0 records nothing.
    """
    if seconds <= 0:
        yield
        return
    monitor = SystemMetricsMonitor(
        run.id, sampling_interval=seconds, resume_logging=True
    )
    monitor.start()
    try:
        yield
    finally:
        monitor.finish()
