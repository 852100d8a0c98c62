"""How old a face looks, and how sure one can be.

The steps of the road are functions in `agegender.steps`; `load` is the short way
from a registered version to predictions.
"""

import os
from typing import TYPE_CHECKING, Literal

from agegender.config import AbstainRules, Runtime

if TYPE_CHECKING:
    from pathlib import Path

    from agegender.predict.predictor import Predictor

__version__ = "0.1.0"
__all__ = ["__version__", "load"]

# TensorFlow, where it is the backend, greets on standard error unless told not to
# before it loads; whoever set a level is obeyed.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

# ONNX Runtime reports to its makers, from 1.29 on, unless told not to before it loads.
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")


def load(
    model: "str | Path" = "auto",
    detector: Literal["mtcnn", "none"] = "mtcnn",
    interval: float = 0.9,
    abstain: AbstainRules = AbstainRules(),
    runtime: Runtime = "onnxruntime",
) -> "Predictor":
    """Return a predictor of a registered version, of a file or of a folder.

    Args:
        model: models:/agegender@alias, models:/agegender/3, an exported .onnx or
            .keras file, a folder that holds one (as MLflow fetches a model),
            `starter` (the small model that comes with agegender), or `auto`: the
            champion where there is one, else the starter.
        detector: `none` where each photo is a ready crop of one face.
        interval: Share of faces, above 0 and below 1, whose age is to lie in its
            interval.
        abstain: When an answer is too unsure to be one.
        runtime: What runs the network: `openvino`, an extra, computes in bfloat16
            where the processor can, in half the time.

    Raises:
        ModelError: If there is no such model.
        ConfigError: If there is no such detector or runtime, or it is not installed.
    """
    from agegender.steps.loading import load as load_with_name  # noqa: PLC0415

    return load_with_name(model, detector, interval, abstain, runtime)[0]
