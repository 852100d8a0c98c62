"""The registered model: encoded photos in, faces out.

MLflow keeps this file as the model's code and runs it wherever the model is
loaded; the package itself travels beside it. Only ONNX Runtime is needed: no
TensorFlow, no training code.
"""

import base64
import binascii
from typing import Any

from mlflow.models import set_model
from mlflow.pyfunc import PythonModel, PythonModelContext
from pydantic import BaseModel

from agegender.detect import MtcnnDetector
from agegender.model.network import Network
from agegender.predict import PhotoFaces, Predictor


class FaceAnswer(BaseModel):
    """One face, as `predict.Face.to_dict` puts it; MLflow reads the signature here."""

    box: list[float]
    landmarks: list[list[float]] | None = None
    detection_score: float | None = None
    age: float
    age_low: float
    age_high: float
    gender: str
    male_probability: float
    age_probabilities: list[float] | None = None


class PhotoAnswer(BaseModel):
    """One photo: its faces, or what was wrong with it."""

    faces: list[FaceAnswer]
    error: str | None = None


class ServedModel(PythonModel):
    """Predictor behind MLflow's interface."""

    def load_context(self, context: PythonModelContext) -> None:
        """Load network and detector once, before the first photo."""
        network = Network.load(context.artifacts["network"])
        self.predictor = Predictor(network, MtcnnDetector())

    def predict(
        self,
        context: PythonModelContext,  # noqa: ARG002 (the signature is MLflow's)
        model_input: list[str],
        params: dict[str, Any] | None = None,  # noqa: ARG002
    ) -> list[PhotoAnswer]:
        """Find the faces of each photo.

        Args:
            context: Read by `load_context` alone.
            model_input: Photos (JPEG, PNG, WebP), base64-encoded.
            params: None are known.

        Returns:
            One item a photo, in order: `faces`, a list, and `error`, a line or None.
            A bad photo spoils its own item alone.
        """
        decoded = [_decode(text) for text in model_input]
        good = [photo for photo in decoded if photo is not None]
        answers = iter(self.predictor.predict(good))
        return [
            _refusal() if photo is None else _answer(next(answers)) for photo in decoded
        ]


def _decode(text: str) -> bytes | None:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return None


def _refusal() -> PhotoAnswer:
    return PhotoAnswer(
        faces=[], error="not base64. Send each photo's bytes so encoded."
    )


def _answer(found: PhotoFaces) -> PhotoAnswer:
    faces = [FaceAnswer(**face.to_dict()) for face in found.faces]
    return PhotoAnswer(faces=faces, error=found.error)


set_model(ServedModel())
