"""Loads Keras and its backend without their greetings.

TensorFlow's libraries write to the process's standard error while they are being
loaded, whatever the log level: a dozen lines about processors and absent GPUs,
before the user's first line of progress. What is wrong raises an exception all the
same.
"""

import contextlib
import os
import sys
from collections.abc import Iterator


@contextlib.contextmanager
def _silenced() -> Iterator[None]:
    """Send file descriptor 2 nowhere."""
    sys.stderr.flush()
    kept = os.dup(2)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, 2)
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nowhere)


if "keras" not in sys.modules:
    with _silenced():
        import keras  # noqa: F401 - its being loaded is the point
