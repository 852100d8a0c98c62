"""Faces made smaller inside the network, so that one store serves several sizes."""

from typing import Any

import keras
from keras import ops

from agegender.model import moving


@keras.saving.register_keras_serializable(package="agegender")
class Shrink(keras.layers.Layer):  # type: ignore[misc]
    """Makes each pixel the mean of what it covers; smaller faces stay as they are.

    Args:
        side: Of what comes out, in pixels.
        options: Name and dtype, as for every layer.
    """

    def __init__(self, side: int, **options: Any) -> None:
        super().__init__(**options)
        self.side = side

    def call(self, faces: Any) -> Any:
        """Return faces, (N, side, side, 3)."""
        if faces.shape[1] > self.side:
            faces = moving.shrunk(faces, self.side)
        return ops.cast(faces, self.compute_dtype)

    def compute_output_shape(self, faces_shape: tuple[int | None, ...]) -> Any:
        """Return the shape of what comes out."""
        count, _, _, channels = faces_shape
        return (count, self.side, self.side, channels)

    def get_config(self) -> dict[str, Any]:
        """Return what rebuilds the layer from a file."""
        return super().get_config() | {"side": self.side}
