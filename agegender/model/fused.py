"""One compiled loop in place of many passes over the same pixels.

JAX compiles whatever it trains. TensorFlow on a CPU does not, since its own
convolutions are faster there than XLA's, but a chain of small changes to every pixel
is several times faster compiled: it reads and writes each pixel once.
"""

import importlib
from collections.abc import Callable
from functools import cache
from typing import Any

import keras


def fused(function: Callable[..., Any]) -> Callable[..., Any]:
    """Compile a function of arrays, where that helps and is possible.

    Args:
        function: Takes and returns arrays; keeps and draws nothing.

    Returns:
        Another of the same results; `function` itself where the backend compiles
        the whole step anyway or this platform's TensorFlow has no XLA.
    """
    if keras.backend.backend() != "tensorflow" or not _has_xla():
        return function
    tensorflow = importlib.import_module("tensorflow")
    compiled: Callable[..., Any] = tensorflow.function(
        function, autograph=False, jit_compile=True
    )
    return compiled


@cache
def _has_xla() -> bool:
    """Tell by trying: no attribute of TensorFlow says so of the CPU at hand."""
    tensorflow = importlib.import_module("tensorflow")
    with tensorflow.init_scope():
        try:
            tensorflow.function(tensorflow.identity, jit_compile=True)(0.0)
        except tensorflow.errors.OpError:
            return False
    return True
