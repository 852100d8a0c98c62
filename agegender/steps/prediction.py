"""From photos to faces with an apparent age and gender: `predict`."""

import logging
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal

from agegender.config import AbstainRules
from agegender.errors import DataError
from agegender.progress import Progress, silent
from agegender.steps.outcome import Outcome

if TYPE_CHECKING:
    from agegender.detect import Detector
    from agegender.predict import PhotoFaces
    from agegender.predict.predictor import Predictor

Format = Literal["table", "json", "csv"]

AUTO: Final = "auto"
_CHAMPION = "models:/agegender@champion"

log = logging.getLogger(__name__)


def predict(
    paths: list[str],
    model: str = AUTO,
    format: Format = "table",  # noqa: A002 - the option is called so
    annotated: str | None = None,
    detector: Literal["mtcnn", "none"] = "mtcnn",
    interval: float = 0.9,
    abstain: AbstainRules = AbstainRules(),
    recursive: bool = False,
    progress: Progress = silent,
) -> Outcome:
    """Tell the apparent age and gender of the faces on photos.

    Args:
        paths: Photos, and folders of photos.
        model: models:/agegender@alias, models:/agegender/3, a .onnx file, `starter`
            (the small model that comes with agegender), or `auto`: the champion
            where there is one, else the starter.
        format: What is printed.
        annotated: Folder that gets a picture a photo, faces marked.
        detector: `none` where each photo is a ready crop of one face.
        interval: Share of faces, above 0 and below 1, whose age is to lie in its
            interval.
        abstain: When an answer is too unsure to be one: it gets a question mark.
        recursive: Search folders inside folders too.
        progress: Called after each photo.

    Returns:
        The faces of each photo; exit code 3 if no photo gave any.
    """
    from agegender.predict import find_photos, to_csv, to_json, to_table

    photos = find_photos(paths, recursive=recursive)
    predictor, uri = load(model, detector, interval, abstain)
    answers: list[PhotoFaces] = []
    for answer in predictor.predict(photos):
        answers.append(answer)
        progress(len(answers), len(photos), "reading photos")
    if annotated is not None:
        _annotate(answers, annotated)
    text = {
        "table": lambda: to_table(answers),
        "json": lambda: to_json(answers, uri),
        "csv": lambda: to_csv(answers),
    }[format]()
    data = {"model": uri, "photos": [answer.to_dict() for answer in answers]}
    if any(answer.faces for answer in answers):
        return Outcome(data, text)
    complaint = f"no face on any photo; the first: {photos[0]}: {answers[0].reason}"
    return Outcome(data, text, exit_code=DataError.exit_code, complaint=complaint)


def load(
    model: str,
    detector: Literal["mtcnn", "none"] = "mtcnn",
    interval: float = 0.9,
    abstain: AbstainRules = AbstainRules(),
) -> tuple["Predictor", str]:
    """Make a predictor of a version or a file.

    Args:
        model: models:/agegender@alias, models:/agegender/3, a .onnx file, `starter`
            or `auto`, as for `predict`.
        detector: What finds the faces.
        interval: Share of faces, 0..1, whose age is to lie in its interval.
        abstain: When an answer is too unsure to be one.

    Returns:
        The predictor, and which model it is, with its number.
    """
    from agegender.model.network import Network
    from agegender.model.starter import STARTER, starter_file
    from agegender.predict.predictor import Predictor

    def predictor_of(file: str | Path) -> "Predictor":
        network = Network.load(file)
        return Predictor(network, _detector(detector), interval, abstain=abstain)

    if model == AUTO:
        model = _champion_or_starter()
    if model == STARTER or model.endswith(".onnx"):
        # A file needs no registry, and so not the seconds that MLflow takes to load.
        return predictor_of(starter_file() if model == STARTER else model), model

    from agegender.tracking.registry import download_network, resolve
    from agegender.tracking.store import use_tracking_store

    use_tracking_store()
    version = resolve(model)
    return predictor_of(download_network(version)), version.uri


def _champion_or_starter() -> str:
    from agegender.model.starter import STARTER, STARTER_NOTICE
    from agegender.tracking.place import is_there

    if is_there():
        from agegender.tracking.store import use_tracking_store
        from agegender.tracking.version import CHAMPION, alias_version

        use_tracking_store()
        if alias_version(CHAMPION) is not None:
            return _CHAMPION
    log.warning(STARTER_NOTICE)
    return STARTER


def _detector(name: str) -> "Detector":
    from agegender.detect import MtcnnDetector, WholePhoto

    return WholePhoto() if name == "none" else MtcnnDetector()


def _annotate(answers: list["PhotoFaces"], folder: str) -> None:
    from agegender.predict import AnnotatedFolder

    pictures = AnnotatedFolder(folder)
    for answer in answers:
        pictures.save(answer)
