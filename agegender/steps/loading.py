"""From the name of a model to what answers photos."""

import logging
from collections.abc import Callable, Sequence
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal, NamedTuple, get_args

from agegender.config import AbstainRules, Runtime
from agegender.errors import ConfigError, ModelError
from agegender.model.folder import KERAS

if TYPE_CHECKING:
    from agegender.detect import Detector
    from agegender.model.network import Network
    from agegender.predict.predictor import Predictor

AUTO: Final = "auto"
_CHAMPION = "models:/agegender@champion"

log = logging.getLogger(__name__)


class Found(NamedTuple):
    """The network of a model, on this machine."""

    file: Path
    name: str  # which model it is, with its number


def load(
    model: str | Path,
    detector: Literal["mtcnn", "none"] = "mtcnn",
    interval: float = 0.9,
    abstain: AbstainRules = AbstainRules(),
    runtime: Runtime = "onnxruntime",
) -> tuple["Predictor", str]:
    """Return a predictor of a registered version, of a file or of a folder.

    Args:
        model: models:/agegender@alias, models:/agegender/3, an .onnx or .keras file,
            a folder that holds one, `starter` or `auto`, as for `predict`.
        detector: What finds the faces.
        interval: Share of faces, 0..1, whose age is to lie in its interval.
        abstain: When an answer is too unsure to be one.
        runtime: What runs the network.

    Returns:
        The predictor, and which model it is, with its number.
    """
    found = find_network(model)
    return predictor_of(found, detector, interval, abstain, runtime), found.name


def predictor_of(
    found: Found,
    detector: Literal["mtcnn", "none"],
    interval: float,
    abstain: AbstainRules,
    runtime: Runtime,
) -> "Predictor":
    """Return a predictor of a network that was found.

    Raises:
        ConfigError: If there is no such detector or runtime.
    """
    _require_one_of("detector", detector, tuple(_DETECTORS))
    _require_one_of("runtime", runtime, get_args(Runtime))
    from agegender.predict.predictor import Predictor

    return Predictor(
        _network(found.file, runtime),
        _DETECTORS[detector](),
        interval,
        abstain=abstain,
        name=found.name,
    )


def find_network(model: str | Path) -> Found:
    """Find the file of a model's network, fetched where it is remote.

    Args:
        model: As `load` takes it.

    Raises:
        ModelError: If there is no such model, or it holds no network.
    """
    from agegender.model.folder import ENDINGS, network_in
    from agegender.model.starter import STARTER, starter_file
    from agegender.predict.photos import printable

    if model == AUTO:
        model = _champion_or_starter()
    if model == STARTER:
        return Found(starter_file(), STARTER)
    path, model = Path(model), printable(str(model))
    # A file needs no registry, and so not the seconds that MLflow takes to load.
    if path.suffix in ENDINGS:
        return Found(path, model)
    # Without a name, as where a variable is not set, it would be this very folder.
    if model and path.is_dir():
        return Found(network_in(path), model)

    from agegender.tracking.registry import download_network
    from agegender.tracking.store import use_tracking_store
    from agegender.tracking.version import resolve

    use_tracking_store()
    version = resolve(model)
    return Found(download_network(version), version.uri)


def digest_of(found: Found) -> str:
    """Return what tells a network from every other, whatever it is called."""
    try:
        return sha256(found.file.read_bytes()).hexdigest()
    except OSError as error:
        raise ModelError(
            f"no network at {found.file}. Name one that is there."
        ) from error


def _require_one_of(what: str, named: str, known: Sequence[str]) -> None:
    if named not in known:
        raise ConfigError(
            f"{what} must be one of {', '.join(known)}. Received: {named!r}."
        )


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


def _network(file: Path, runtime: Runtime) -> "Network":
    from agegender.model.network import Network

    if file.suffix != KERAS:
        return Network.load(file, runtime=runtime)

    from agegender.model import backend  # noqa: F401 - loads Keras quietly, so first
    from agegender.model.keras_file import network_of_noted_keras

    return network_of_noted_keras(file, runtime)


def _mtcnn() -> "Detector":
    from agegender.detect import MtcnnDetector

    return MtcnnDetector()


def _whole_photo() -> "Detector":
    from agegender.detect import WholePhoto

    return WholePhoto()


_DETECTORS: Final[dict[str, Callable[[], "Detector"]]] = {
    "mtcnn": _mtcnn,
    "none": _whole_photo,
}
