"""The models that a training makes use of, found and told of."""

import logging
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from agegender.config import CropRule, Experiment, with_values
from agegender.errors import ConfigError, ModelError
from agegender.model.folder import KERAS
from agegender.steps.loading import digest_of, find_network

if TYPE_CHECKING:
    from agegender.data.store import FaceStore
    from agegender.train.earlier import EarlierNetwork
    from agegender.train.lineage import Lineage

Kind = TypeVar("Kind", bound="EarlierNetwork")

_START, _TEACHERS = "training.start_from", "training.teachers"

log = logging.getLogger(__name__)


def lineage_of(
    experiment: Experiment, store: "FaceStore"
) -> "tuple[Experiment, Lineage]":
    """Find the models that an experiment starts from and learns from.

    Says so where a model may have learnt from faces that the new one is to be
    measured on, and where the one to start from knows faces that were cut otherwise.

    Args:
        experiment: Whose `training.start_from` and `training.teachers` name them.
        store: What is to be learnt.

    Returns:
        The experiment, with the number of a version in place of an alias, which may
        move; and the models.

    Raises:
        ConfigError: If the experiment's network is of another shape than the one to
            start from, or a teacher learnt from faces that were cut otherwise.
        ModelError: If there is no such model.
    """
    from agegender.train.lineage import Lineage
    from agegender.train.start import Start
    from agegender.train.teachers import Teacher

    settings, rule = experiment.training, store.manifest.crop_rule
    start = None
    if settings.start_from:
        start = _found(settings.start_from, store, Start, "starts from")
        start.require_fit(experiment.model)
        if not start.knows(rule):
            log.warning(
                "training starts from %s, which knows faces cut by %s; those of %s are "
                "cut by %s, so that more has to be learnt",
                *(start.name, start.crop_rule, store.path, rule),
            )
    named = [name.strip() for name in settings.teachers.split(",") if name.strip()]
    teachers = tuple(_found(name, store, Teacher, "learns from") for name in named)
    for teacher in teachers:
        teacher.require_knows(rule)
    names = {
        _START: start.name if start else "",
        _TEACHERS: ", ".join(one.name for one in teachers),
    }
    return with_values(experiment, names), Lineage(start, teachers)


def require_fits_all(experiment: Experiment) -> None:
    """Make sure that every trial of a search can make use of the same models.

    Raises:
        ConfigError: If the space varies the models, or what the first weights must
            fit.
    """
    space = set(experiment.search.space)
    if models := {_START, _TEACHERS} & space:
        varied = ", ".join(sorted(models))
        raise ConfigError(f"search.space cannot vary {varied}: run a study for each.")
    if not experiment.training.start_from:
        return
    from agegender.model.wide_resnet import Body

    fixed = {f"model.{name}" for name in Body._fields} & space
    if fixed:
        received = ", ".join(sorted(fixed))
        raise ConfigError(
            "search.space varies what the weights to start from must fit. "
            f"Take it out, or leave {_START} empty. Received: {received}."
        )


def digests(lineage: "Lineage") -> dict[str, str]:
    """Return the hashes of the files that a network comes from, by their part."""
    start, teachers = lineage
    parts = {
        "started_from": start.digest if start else "",
        "taught_by": ", ".join(one.digest for one in teachers),
    }
    return {part: hashes for part, hashes in parts.items() if hashes}


def told(lineage: "Lineage") -> str:
    """Tell what the networks before had learnt from, to be put behind the faces."""
    start, teachers = lineage
    before = ""
    if start:
        before = f"; before that, as {start.name}, {start.trained_on.rstrip('.')}"
    lessons: dict[str, list[str]] = {}  # Teachers are often of one recipe.
    for one in teachers:
        lessons.setdefault(one.trained_on.rstrip("."), []).append(one.name)
    return before + "".join(
        f"; taught by {', '.join(names)}, which learnt from {faces}"
        for faces, names in lessons.items()
    )


def _found(model: str, store: "FaceStore", kind: type[Kind], how: str) -> Kind:
    found = find_network(model)
    notes, rule = _noted(found.file)
    trained_on = notes.get("trained_on", "faces that it does not tell of")
    # The same store is split the same way; a refit learns from two of its splits, and
    # what made use of another network knows its faces, too.
    other = notes.get("store") != store.manifest.content_hash
    if other or not {"refit_of", "started_from", "taught_by"}.isdisjoint(notes):
        log.warning(
            "training %s %s; figures measured on faces, or on people, that it learnt "
            "from are too good. It learnt from %s",
            *(how, found.name, trained_on),
        )
    return kind(found.name, found.file, digest_of(found), trained_on, rule)


def _noted(file: Path) -> tuple[dict[str, Any], CropRule | None]:
    """Return what a network's file says of where it came from, and of its faces."""
    if file.suffix != KERAS:
        from agegender.model.network import Network

        network = Network.load(file)
        return network.metadata, network.crop_rule
    from agegender.model.keras_file import crop_rule_of, read_notes

    with suppress(ModelError):  # Keras itself writes none.
        notes = read_notes(file)
        return notes, crop_rule_of(file, notes)
    return {}, None
