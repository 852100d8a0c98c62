"""Loads Keras on a backend that learns."""

from agegender.errors import ConfigError
from agegender.model import backend

LEARNING = frozenset({"tensorflow", "jax", "torch"})
"""Keras' backends that have gradients."""

if backend.NAME not in LEARNING:
    raise ConfigError(
        "nothing can be learnt on this backend of Keras. Set KERAS_BACKEND to "
        f"tensorflow or jax. Received: {backend.NAME}."
    )
