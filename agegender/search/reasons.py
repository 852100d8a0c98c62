"""Why a trial broke, in one line."""

MEMORY_ERRORS = ("MemoryError", "ResourceExhaustedError", "OutOfMemoryError")
"""Python's, TensorFlow's and PyTorch's; JAX's says so in its text alone."""

LONGEST = 300
"""Characters: TensorFlow tells of whole graphs."""


def reason_of(error: Exception) -> str:
    """Return the first line of an error; one for want of memory says so.

    Args:
        error: That broke a training, of whatever library.
    """
    kinds = {kind.__name__ for kind in type(error).__mro__}
    text = next(iter(str(error).strip().splitlines()), "")[:LONGEST]
    told = f"{type(error).__name__}: {text}" if text else type(error).__name__
    is_memory = not kinds.isdisjoint(MEMORY_ERRORS) or "RESOURCE_EXHAUSTED" in text
    return f"out of memory: {told}" if is_memory else told
