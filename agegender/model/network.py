"""An exported network, run without Keras: faces in, ages and genders out."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple, Protocol, Self, get_args

import numpy as np
from numpy.typing import NDArray

from agegender.config import MAX_AGE, CropRule, Point, Runtime
from agegender.errors import AgeGenderError, ModelError
from agegender.model.calibration import Calibration
from agegender.model.runtimes import Opened, open_network

GENDERS = ["female", "male"]
PREFIX = "agegender."
"""Of the names of our metadata in a file."""


class AgeGender(NamedTuple):
    """What a network says of N faces."""

    age_probabilities: NDArray[np.float32]  # (N, 101): the ages 0..100
    male_probability: NDArray[np.float32]  # (N,)


class Answering(Protocol):
    """Whatever tells ages and genders of faces."""

    def predict(self, faces: NDArray[np.uint8]) -> AgeGender:
        """Tell the ages and genders of faces, uint8 (N, S, S, 3), N above 0."""


class Network:
    """An exported network; made by `load`.

    Args:
        opened: The loaded graph.
        crop_rule: How faces must be cut for it.
        metadata: All that was written into the file, names without `agegender.`.
        point: Which age of a distribution is told as the age.
    """

    def __init__(
        self,
        opened: Opened,
        crop_rule: CropRule,
        metadata: dict[str, str],
        point: Point = "expectation",
    ) -> None:
        self._run = opened.run
        self.crop_rule = crop_rule
        self.metadata = metadata
        self.point = point
        self.calibration = _calibration(metadata)

    @classmethod
    def load(
        cls,
        path: str | Path,
        threads: int | None = None,
        runtime: Runtime = "onnxruntime",
    ) -> Self:
        """Read a file that `export_onnx` wrote.

        Args:
            path: The ONNX file.
            threads: Cores to use; None for all.
            runtime: What runs it.

        Raises:
            ModelError: If the file is missing, is not ONNX or is not ours.
            ConfigError: If the runtime is not installed.
        """
        path = Path(path)
        if not path.is_file():
            raise ModelError(f"no network at {path}. Give the path of an .onnx file.")
        opened = open_network(path, runtime, threads)
        metadata = {
            name.removeprefix(PREFIX): text
            for name, text in opened.properties.items()
            if name.startswith(PREFIX)
        }
        rule, point = _crop_rule(path, metadata), point_of(path, metadata)
        return cls(opened, rule, metadata, point)

    def predict(self, faces: NDArray[np.uint8], batch_size: int = 256) -> AgeGender:
        """Tell the ages and genders of faces, corrected by its calibration.

        Args:
            faces: uint8 (N, S, S, 3), RGB, cut by `crop_rule`; N may be 0.
            batch_size: Faces at a time, which bounds the memory used.

        Raises:
            ModelError: If the faces are of another type or shape.
        """
        size = self.crop_rule.size
        if faces.dtype != np.uint8 or faces.shape[1:] != (size, size, 3):
            raise ModelError(
                f"the network takes uint8 faces of shape (N, {size}, {size}, 3). "
                f"Received: {faces.dtype} {faces.shape}."
            )
        ages = np.empty((len(faces), MAX_AGE + 1), np.float32)
        male = np.empty(len(faces), np.float32)
        for start in range(0, len(faces), batch_size):
            rows = slice(start, start + batch_size)
            ages[rows], male[rows] = self._run(faces[rows])
        fitted = self.calibration
        return AgeGender(fitted.of_ages(ages), fitted.of_genders(male))


def _calibration(metadata: dict[str, str]) -> Calibration:
    if "calibration" not in metadata:
        return Calibration()
    return Calibration.from_json(metadata["calibration"])


def _crop_rule(path: Path, metadata: dict[str, str]) -> CropRule:
    try:
        crop_rule = CropRule(**json.loads(metadata["crop_rule"]))
        genders = json.loads(metadata["genders"])
    # Nested without end, too.
    except (KeyError, TypeError, ValueError, RecursionError, AgeGenderError) as error:
        raise ModelError(
            f"{path} is an ONNX network, but not one of ours: its metadata lack a "
            f"readable crop rule or genders. Export it with agegender."
        ) from error
    require_order(path, genders)
    return crop_rule


def require_order(path: Path, genders: Any) -> None:
    """Raise `ModelError` where a file's genders stand in another order than ours."""
    if genders != GENDERS:
        raise ModelError(f"{path} orders genders {genders!s:.80}; {GENDERS} is needed.")


def point_of(path: Path, notes: Mapping[str, Any]) -> Point:
    """Return which age of a distribution a file's notes say is told.

    Raises:
        ModelError: If it is none that is known here.
    """
    # A file without it was written before there was a choice.
    named = notes.get("point", "expectation")
    for known in get_args(Point):
        if named == known:
            return known  # type: ignore[no-any-return]
    raise ModelError(
        f"{path} tells ages by {named!r:.80}; known are {', '.join(get_args(Point))}. "
        "Update agegender."
    )
