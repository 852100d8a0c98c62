"""What Keras and its backend can run, asked the way an exported network is."""

import importlib
import warnings
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Self

import keras
import numpy as np
from numpy.typing import NDArray

from agegender.errors import ConfigError
from agegender.model.calibration import Calibration
from agegender.model.network import AgeGender

TENSORFLOW = "tensorflow"
Run = Callable[[NDArray[np.uint8]], Mapping[str, Any]]


class KerasNetwork:
    """A network that is not ONNX; made by one of the `of_...`.

    Args:
        run: From faces, uint8 (N, S, S, 3), to `age`, (N, 101), and `gender`, (N, 1).
        calibration: What its answers are corrected by.
    """

    def __init__(self, run: Run, calibration: Calibration) -> None:
        self._run = run
        self._calibration = calibration

    @classmethod
    def of_model(cls, model: keras.Model, calibration: Calibration) -> Self:
        """Ask a Keras model."""
        return cls(lambda faces: model.predict(faces, verbose=0), calibration)

    @classmethod
    def of_saved_model(cls, folder: Path, calibration: Calibration) -> Self:
        """Ask a SavedModel.

        Raises:
            ConfigError: If Keras' backend cannot run it.
        """
        backend()
        layer = keras.layers.TFSMLayer(str(folder), call_endpoint="serve")
        return cls(layer, calibration)

    @classmethod
    def of_litert(cls, path: Path, calibration: Calibration) -> Self:
        """Ask a LiteRT file.

        Raises:
            ConfigError: If Keras' backend cannot run it.
        """
        with warnings.catch_warnings():
            # It names its successor, a package of its own; what TensorFlow has is
            # what converted the file.
            warnings.filterwarnings("ignore", ".*tf.lite.Interpreter is deprecated")
            interpreter = backend().lite.Interpreter(model_path=str(path))
        runner = interpreter.get_signature_runner()

        def told(faces: NDArray[np.uint8]) -> dict[str, NDArray[np.float32]]:
            answer = runner(faces=faces)
            # In eight bits, 101 probabilities are rounded to 256ths each.
            whole = answer["age"].sum(axis=1, keepdims=True)
            return answer | {"age": answer["age"] / whole}

        return cls(told, calibration)

    def predict(self, faces: NDArray[np.uint8]) -> AgeGender:
        """Tell the ages and genders of faces, uint8 (N, S, S, 3), N above 0."""
        told = self._run(faces)
        ages, male = np.asarray(told["age"]), np.asarray(told["gender"])
        fitted = self._calibration
        return AgeGender(fitted.of_ages(ages), fitted.of_genders(male.reshape(-1)))


def backend() -> Any:
    """Return the library that Keras runs on, which here must be TensorFlow.

    It is asked of Keras, not imported: this package is to work where it is absent.

    Raises:
        ConfigError: If Keras runs on another.
    """
    if (name := keras.backend.backend()) != TENSORFLOW:
        raise ConfigError(
            "litert and saved-model are written by Keras on TensorFlow alone. "
            f"Received: KERAS_BACKEND={name}. Leave it out, or choose onnx or keras."
        )
    return importlib.import_module(name)
