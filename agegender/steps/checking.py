"""Whether an exported file answers as the model does that it was made from."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from agegender.config import CropRule, Precision
from agegender.errors import ModelError
from agegender.progress import Progress
from agegender.steps.answering import answers_of

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray

    from agegender.data.store import FaceStore
    from agegender.evaluate.parity import Parity
    from agegender.model.network import AgeGender, Answering, Network
    from agegender.tracking.version import Version

MOST_YEARS = 0.05
"""By how much an age may differ in float32."""

RANGING_FACES = 512
"""Training faces that int8 reads its ranges off."""


@dataclass(frozen=True)
class Checked:
    """What came of the check, and on which faces.

    Args:
        faces_of: Such as `validation split of stores/utkface`.
        against: What the file is held against: `keras` or `onnx`.
        parity: The differences.
    """

    faces_of: str
    against: str
    parity: "Parity"

    def told(self) -> str:
        """Say it in a sentence or two."""
        parity, lost = self.parity, self.parity.lost_years
        text = (
            f"On {parity.faces:,} faces ({self.faces_of}) its ages differ from the "
            f"{self.against} network's by {parity.mean_years:.3f} years on average, "
            f"{parity.largest_years:.3f} at most."
        )
        if lost is None or parity.after is None:
            return text
        error = parity.after.mean_absolute_error
        text += f" Mean absolute error {error:.3f} years, {lost:+z.3f}"
        if parity.after.gender_accuracy is None or parity.before is None:
            return f"{text}."
        gained = parity.after.gender_accuracy - (parity.before.gender_accuracy or 0.0)
        return (
            f"{text}; gender {parity.after.gender_accuracy:.2%} right, "
            f"{100 * gained:+z.2f} points."
        )


def checked(
    version: "Version",
    network: "Network",
    opened: "Answering",
    precision: Precision,
    store: "FaceStore | None",
    progress: Progress,
) -> Checked:
    """Ask a file and the model it was made from about the same faces.

    Args:
        version: The model: its Keras network answers where it has one.
        network: Its ONNX network, which answers else.
        opened: The file.
        precision: Of the file.
        store: Its validation faces are asked about; None for drawn ones.
        progress: Called as faces are answered.

    Raises:
        ModelError: If a file in float32 answers another way.
    """
    from agegender.evaluate.parity import compare_answers

    keras = _keras_network(version, network)
    model = network if keras is None else keras
    rule = network.crop_rule
    (before, after), labels = _asked([model, opened], rule, store, progress)
    parity = compare_answers(before, after, network.point, labels)
    # Asked this way round, NaN fails too.
    if precision == "float32" and not parity.largest_years <= MOST_YEARS:
        raise ModelError(
            f"the file's ages differ from the model's by {parity.largest_years:.3f} "
            f"years, {MOST_YEARS} being allowed. Nothing was written; please report "
            "this."
        )
    faces_of = "drawn faces" if store is None else f"validation split of {store.path}"
    return Checked(faces_of, "ONNX" if keras is None else "Keras", parity)


def ranging_faces(store: "FaceStore") -> "NDArray[np.uint8]":
    """Draw training faces, the same every time, uint8 (N, S, S, 3).

    Args:
        store: Has at least one.
    """
    import numpy as np

    rows = store.rows("train")
    if len(rows) > RANGING_FACES:
        rows = np.random.default_rng(0).choice(rows, RANGING_FACES, replace=False)
    return np.asarray(store.faces[np.sort(rows)])


def _asked(
    networks: "Sequence[Answering]",
    rule: CropRule,
    store: "FaceStore | None",
    progress: Progress,
) -> "tuple[list[AgeGender], pd.DataFrame | None]":
    """Return what each network answers, and the labels where there are any."""
    if store is None:
        from agegender.data.sample.crops import drawn_faces

        faces = drawn_faces(rule)
        return [network.predict(faces) for network in networks], None
    split = "validation"
    labels = store.labels.iloc[store.rows(split)]
    return [answers_of(one, store, split, progress) for one in networks], labels


def _keras_network(version: "Version", network: "Network") -> "Answering | None":
    """Return the Keras network that a version holds, or None."""
    from agegender.tracking.registry import download_keras

    if (file := download_keras(version)) is None:
        return None
    from agegender.model.export import in_float32
    from agegender.model.files import load_model
    from agegender.model.keras_network import KerasNetwork

    return KerasNetwork.of_model(in_float32(load_model(file)), network.calibration)
