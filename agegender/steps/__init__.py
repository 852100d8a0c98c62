"""One function a step: the only place where the parts are joined.

What takes time to import is imported inside the step that needs it.
"""

from agegender.steps.demonstration import demo
from agegender.steps.downloading import download
from agegender.steps.exporting import export
from agegender.steps.faces import prep, sample
from agegender.steps.filming import video
from agegender.steps.importing import import_weights
from agegender.steps.judging import evaluate
from agegender.steps.outcome import Outcome
from agegender.steps.prediction import predict
from agegender.steps.promotion import promote, rollback
from agegender.steps.road import main
from agegender.steps.searching import search
from agegender.steps.training import train

ALL = (
    sample,
    download,
    prep,
    train,
    search,
    import_weights,
    evaluate,
    promote,
    rollback,
    export,
    predict,
    demo,
    video,
    main,
)

__all__ = [
    "ALL",
    "Outcome",
    "demo",
    "download",
    "evaluate",
    "export",
    "import_weights",
    "main",
    "predict",
    "prep",
    "promote",
    "rollback",
    "sample",
    "search",
    "train",
    "video",
]
