"""The model to start with: a small network that comes with the package.

What it was trained on, under which terms, how well it does and where it fails is
told by its card, `MODEL_CARD.md`, beside it.
"""

from pathlib import Path
from typing import Final

STARTER: Final = "starter"
"""How it is named where a model is asked for."""

STARTER_NOTICE: Final = (
    "answered by the model that comes with agegender, trained on UTKFace: for "
    "non-commercial research only. Train your own with `agegender train`."
)
"""For people, where nobody asked for it by name."""


def starter_file() -> Path:
    """Return its ONNX file."""
    return Path(__file__).with_name("network.onnx")
