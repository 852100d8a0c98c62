"""The registered model: encoded photos in, faces out.

MLflow keeps this file as the model's code and runs it wherever the model is
loaded; the package itself travels beside it. Only ONNX Runtime is needed: no
TensorFlow, no training code.
"""

import base64
import binascii
import json
import os
from dataclasses import asdict
from pathlib import Path
from typing import Any

import yaml
from mlflow.exceptions import MlflowException
from mlflow.models import set_model
from mlflow.protos.databricks_pb2 import INVALID_PARAMETER_VALUE
from mlflow.pyfunc import PythonModel, PythonModelContext
from pydantic import BaseModel

from agegender.config import AbstainRules, ServiceLimits
from agegender.detect import MtcnnDetector, WholePhoto
from agegender.errors import AgeGenderError, ConfigError
from agegender.model.network import Network
from agegender.notice import NOTICE_SHORT
from agegender.predict import PhotoFaces, Predictor
from agegender.tracking.params import PARAMS

LIMITS_VARIABLE = "AGEGENDER_LIMITS"
"""Environment variable with limits of a service, JSON. MLflow's own way, a model
configuration, would show among the settings of every training."""

NOTE_OF_VERSION = "registered_model_meta"
"""File that MLflow puts beside a registered model when it fetches it."""


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
    abstained: list[str]
    age_probabilities: list[float] | None = None


class PhotoAnswer(BaseModel):
    """One photo: its faces, or what was wrong with it."""

    faces: list[FaceAnswer]
    left_out: int
    error: str | None = None
    model: str
    limits: str


class RefusedRequestError(MlflowException):
    """What is wrong with a request, in one line; the server answers 400."""

    def __init__(self, line: str) -> None:
        super().__init__(line, error_code=INVALID_PARAMETER_VALUE)
        self._line = line

    def serialize_as_json(self) -> str:
        """Return the body of the server's answer."""
        # MLflow has put the whole request before the line: megabytes of photos.
        self.message = self._line
        return str(super().serialize_as_json())


class ServedModel(PythonModel):
    """Predictor behind MLflow's interface."""

    def load_context(self, context: PythonModelContext) -> None:
        """Load network and detector once, before the first photo.

        Raises:
            ConfigError: If the limits in the environment are none.
        """
        file = Path(context.artifacts["network"])
        self.name = _name(file)
        self.network = Network.load(file)
        self.mtcnn, self.whole_photo = MtcnnDetector(), WholePhoto()
        self.limits = _limits()

    def predict(
        self,
        context: PythonModelContext,  # noqa: ARG002 (the signature is MLflow's)
        model_input: list[str],
        params: dict[str, Any] | None = None,
    ) -> list[PhotoAnswer]:
        """Find the faces of each photo.

        Args:
            context: Read by `load_context` alone.
            model_input: Photos (JPEG, PNG, WebP), base64-encoded.
            params: `interval`, share of faces whose age is to lie in its interval;
                `age_probabilities`, whether all 101 are sent; `crops`, whether each
                photo is a ready crop of one face; `abstain_age_interval`,
                `abstain_gender_probability` and `abstain_detection_score`, as
                `config.AbstainRules` has them.

        Returns:
            One item a photo, in order: `faces`, a list, and `error`, a line or None.
            A bad photo spoils its own item alone.

        Raises:
            RefusedRequestError: If there are too many photos or a parameter will not
                do.
        """
        photos = self.limits.photos
        if len(model_input) > photos:
            raise RefusedRequestError(
                f"at most {photos} photos a request. Received: {len(model_input)}."
            )
        # Null, to whom it says nothing, is the default.
        asked = {n: value for n, value in (params or {}).items() if value is not None}
        try:
            predictor = self._predictor(PARAMS | asked)
        except AgeGenderError as error:
            raise RefusedRequestError(str(error)) from error
        return self._answers(predictor, model_input)

    def _predictor(self, params: dict[str, Any]) -> Predictor:
        rules = {
            name.removeprefix("abstain_"): value
            for name, value in params.items()
            if name.startswith("abstain_")
        }
        return Predictor(
            self.network,
            self.whole_photo if params["crops"] else self.mtcnn,
            params["interval"],
            abstain=AbstainRules(**rules),
            limits=self.limits,
            keep_distribution=params["age_probabilities"],
        )

    def _answers(self, predictor: Predictor, photos: list[str]) -> list[PhotoAnswer]:
        decoded = [self._decode(photo) for photo in photos]
        good = [photo for photo in decoded if isinstance(photo, bytes)]
        found = predictor.predict(good)
        return [
            self._answer(next(found) if isinstance(one, bytes) else one)
            for one in decoded
        ]

    def _decode(self, text: str) -> bytes | PhotoFaces:
        """Return a photo's bytes, or why there are none."""
        encoded = text.partition(",")[2] if text.startswith("data:") else text
        # Many tools break it into lines.
        encoded = encoded.replace("\r", "").replace("\n", "")
        # Four letters are three bytes: what is too large is not even decoded.
        if len(encoded) // 4 * 3 > self.limits.bytes + 2:
            limit = f"{self.limits.bytes:,}"
            return PhotoFaces("", error=f"photo too large; at most {limit} bytes.")
        try:
            return base64.b64decode(encoded, validate=True)
        except (binascii.Error, ValueError):
            return PhotoFaces("", error="not base64. Send each photo's bytes so.")

    def _answer(self, found: PhotoFaces) -> PhotoAnswer:
        return PhotoAnswer(
            faces=[FaceAnswer(**face.to_dict()) for face in found.faces],
            left_out=found.left_out,
            error=found.error,
            model=self.name,
            limits=NOTICE_SHORT,
        )


def _limits() -> ServiceLimits:
    text = os.environ.get(LIMITS_VARIABLE) or "{}"
    try:
        return ServiceLimits(**json.loads(text))
    except (ValueError, TypeError) as error:
        known = ", ".join(asdict(ServiceLimits()))
        raise ConfigError(
            f"{LIMITS_VARIABLE} is a JSON object of {known}. Received: {text}."
        ) from error


def _name(network: Path) -> str:
    """Return the name and version that MLflow fetched the model under."""
    for folder in network.parents:
        if (folder / "MLmodel").is_file():
            if (note := folder / NOTE_OF_VERSION).is_file():
                kept = yaml.safe_load(note.read_text("utf-8"))
                return f"models:/{kept['model_name']}/{kept['model_version']}"
            model = yaml.safe_load((folder / "MLmodel").read_text("utf-8"))
            return f"models:/{model['model_id']}"
    return network.name


set_model(ServedModel())
