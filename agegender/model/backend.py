"""Loads Keras and its backend without their greetings.

TensorFlow's libraries write to the process's standard error while they are being
loaded, whatever the log level: a dozen lines about processors and absent GPUs,
before the user's first line of progress. What is wrong is told all the same.
"""

import contextlib
import os
import sys
from collections.abc import Iterator

from agegender.errors import ConfigError


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


try:
    with _silenced():
        import keras
except (ImportError, ValueError) as error:
    raise ConfigError(
        f"Keras cannot be loaded: {error}. Install its backend, or set KERAS_BACKEND "
        "to one that is installed, tensorflow or jax. "
        f"Received: KERAS_BACKEND={os.environ.get('KERAS_BACKEND', '')}."
    ) from error

NAME = str(keras.backend.backend())
"""Of the backend."""
