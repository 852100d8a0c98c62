"""Colour, light, softness and gaps of a batch of faces, given the numbers drawn.

Faces are float32 (N, S, S, 3), 0..255; numbers are float32 (N,), one a face,
unless said otherwise.
"""

from typing import Any

from keras import ops

# Of red, green and blue in what the eye sees as light; ITU-R BT.601.
_LUMA = (0.299, 0.587, 0.114)


def contrasted(faces: Any, factor: Any, light: Any) -> Any:
    """Stretch around each face's mean by `factor`, then add `light`, in 0..255."""
    mean = ops.mean(faces, axis=(1, 2, 3), keepdims=True)
    factor = _wide(factor)
    return faces * factor + (mean * (1.0 - factor) + _wide(light))


def saturated(faces: Any, factor: Any) -> Any:
    """Scale what sets each pixel's colour apart from its grey."""
    grey = ops.sum(faces * ops.array(_LUMA, "float32"), axis=-1, keepdims=True)
    return grey + _wide(factor) * (faces - grey)


def tinted(faces: Any, gains: Any) -> Any:
    """Scale red, green and blue by gains, (N, 3)."""
    return faces * gains[:, None, None, :]


def softened(faces: Any, amount: Any) -> Any:
    """Go from the face, at amount 0, to a blur of one pixel's deviation, at 1."""
    soft = faces
    for _ in range(2):  # twice 1-2-1 makes 1-4-6-4-1
        for axis in (1, 2):
            soft = _averaged(soft, axis)
    return faces + _wide(amount) * (soft - faces)


def erased(faces: Any, centre: Any, size: Any, colour: Any) -> Any:
    """Paint a rectangle of one colour.

    Args:
        faces: float32 (N, S, S, 3).
        centre: (rows, columns) of its centre, two of (N,), in pixels.
        size: (rows, columns) it spans, likewise; 0 paints nothing.
        colour: (N, 3), 0..255.
    """
    lines = ops.arange(faces.shape[1], dtype="float32") + 0.5
    rows, columns = (
        ops.abs(lines - middle[:, None]) < 0.5 * length[:, None]
        for middle, length in zip(centre, size, strict=True)
    )
    inside = ops.logical_and(rows[:, :, None], columns[:, None, :])
    return ops.where(inside[..., None], colour[:, None, None, :], faces)


def _wide(numbers: Any) -> Any:
    return numbers[:, None, None, None]


def _averaged(faces: Any, axis: int) -> Any:
    """Weigh each pixel 2 and both its neighbours along an axis 1."""
    if axis == 1:
        before, after = faces[:, :1], faces[:, -1:]
        padded = ops.concatenate([before, faces, after], axis=1)
        beside = padded[:, :-2] + padded[:, 2:]
    else:
        before, after = faces[:, :, :1], faces[:, :, -1:]
        padded = ops.concatenate([before, faces, after], axis=2)
        beside = padded[:, :, :-2] + padded[:, :, 2:]
    return 0.25 * beside + 0.5 * faces
