"""The model that a training starts from, found and told of."""

import logging
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from agegender.config import Experiment, with_values
from agegender.errors import ConfigError, ModelError
from agegender.model.folder import KERAS
from agegender.steps.loading import digest_of, find_network

if TYPE_CHECKING:
    from agegender.data.store import FaceStore
    from agegender.train.start import Start

log = logging.getLogger(__name__)


def start_of(
    experiment: Experiment, store: "FaceStore"
) -> "tuple[Experiment, Start | None]":
    """Find the model that an experiment starts from.

    Says so where the model may have learnt from faces that it is to be measured on.

    Args:
        experiment: Whose `training.start_from` names it.
        store: What is to be learnt.

    Returns:
        The experiment, with the number of the version in place of an alias, which
        may move; and the model, None where training starts from nothing.

    Raises:
        ConfigError: If the experiment's network is of another shape.
        ModelError: If there is no such model.
    """
    named = experiment.training.start_from
    if not named:
        return experiment, None
    from agegender.train.start import Start

    found = find_network(named)
    digest = digest_of(found)
    notes = _notes(found.file)
    trained_on = notes.get("trained_on", "faces that it does not tell of")
    start = Start(found.name, found.file, digest, trained_on)
    start.require_fit(experiment.model)
    # The same store is split the same way; a refit learns from two of its splits, and
    # what started from another network knows its faces, too.
    other = notes.get("store") != store.manifest.content_hash
    if other or not {"refit_of", "started_from"}.isdisjoint(notes):
        log.warning(
            "training starts from %s; figures measured on faces, or on people, that it "
            "learnt from are too good. It learnt from %s",
            *(start.name, trained_on),
        )
    return with_values(experiment, {"training.start_from": start.name}), start


def require_start_fits_all(experiment: Experiment) -> None:
    """Make sure that every trial of a search can start from the same model.

    Raises:
        ConfigError: If the space varies the model, or what its weights must fit.
    """
    start, space = "training.start_from", set(experiment.search.space)
    if start in space:
        raise ConfigError(f"search.space cannot vary {start}: run a study for each.")
    if not experiment.training.start_from:
        return
    from agegender.model.wide_resnet import Body

    fixed = {f"model.{name}" for name in Body._fields} & space
    if fixed:
        told = ", ".join(sorted(fixed))
        raise ConfigError(
            "search.space varies what the weights to start from must fit. "
            f"Take it out, or leave {start} empty. Received: {told}."
        )


def _notes(file: Path) -> dict[str, Any]:
    """Return what a network's file says of where it came from."""
    if file.suffix != KERAS:
        from agegender.model.network import Network

        return Network.load(file).metadata
    from agegender.model.keras_file import read_notes

    with suppress(ModelError):  # Keras itself writes none.
        return read_notes(file)
    return {}
