"""A network that was trained before, and that a training makes use of."""

from dataclasses import dataclass, replace
from pathlib import Path

import keras

from agegender.config import CropRule
from agegender.errors import ModelError
from agegender.model.files import load_model
from agegender.model.folder import KERAS
from agegender.model.rebuilt import rebuild


@dataclass(frozen=True)
class EarlierNetwork:
    """A network on this machine, and where it came from.

    Args:
        name: Which model it is, with its number.
        file: `.keras`, or `.onnx` in float32 or float16.
        digest: Of the file.
        trained_on: How many faces, whose, and under which terms.
        crop_rule: How those were cut; None where the file does not say.
    """

    name: str
    file: Path
    digest: str
    trained_on: str
    crop_rule: CropRule | None = None

    def knows(self, rule: CropRule) -> bool:
        """Tell whether it learnt from faces cut alike, of whatever size."""
        own = self.crop_rule
        return own is None or replace(own, size=rule.size) == rule

    def read(self) -> keras.Model:
        """Read it as `wide_resnet.build` made it.

        Raises:
            ModelError: If the file cannot be read, or is no ONNX file of ours in
                float32 or float16.
        """
        is_keras = self.file.suffix == KERAS
        return load_model(self.file) if is_keras else rebuild(self.file)

    def foreign(self) -> ModelError:
        """Return what to raise of a file that holds no network of ours."""
        return ModelError(
            f"{self.name} is no Wide ResNet of ours in float32 or float16. Name "
            "a model that agegender trained, imported or exported."
        )
