"""Compiled functions of pixels answer what they answer uncompiled."""

import importlib

import keras
import numpy as np
import pytest
from keras import ops

from agegender.model.fused import fused

FACES = np.random.default_rng(0).integers(0, 256, (5, 8, 8, 3), dtype=np.uint8)


def halved(faces: object, gain: object) -> object:
    return ops.cast(faces, "float32") * gain[:, None, None, None] / 2.0  # type: ignore[index]


def test_fused_function_answers_as_the_plain_one() -> None:
    gain = np.linspace(0.5, 1.5, 5, dtype=np.float32)
    plain, compiled = halved(FACES, gain), fused(halved)(FACES, gain)
    assert np.allclose(ops.convert_to_numpy(compiled), ops.convert_to_numpy(plain))


@pytest.mark.skipif(
    keras.backend.backend() != "tensorflow", reason="JAX compiles whole steps"
)
def test_pixels_are_compiled_by_xla_on_tensorflow() -> None:
    tensorflow = importlib.import_module("tensorflow")
    compiled = fused(halved)
    assert isinstance(compiled, tensorflow.types.experimental.PolymorphicFunction)
    code = compiled.experimental_get_compiler_ir(
        tensorflow.constant(FACES), tensorflow.ones(5)
    )(stage="optimized_hlo")
    assert "fusion" in code
