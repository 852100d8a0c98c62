"""A version of the registered model, and how a person may write which one."""

import os
import re
from dataclasses import dataclass, field
from pathlib import Path

from mlflow import MlflowClient
from mlflow.entities.model_registry import ModelVersion
from mlflow.exceptions import MlflowException

from agegender.errors import ModelError
from agegender.model.starter import STARTER, starter_file
from agegender.tracking.store import one_line_errors

MODEL_NAME = "agegender"
CHAMPION = "champion"
CHALLENGER = "challenger"
PREVIOUS = "previous"
OUTGOING = "outgoing"
"""The champion whose place another version is taking, until it is `previous`."""
WITHDRAWN = "withdrawn"
"""The same where that is a rollback: given again after a kill, it has to know."""

SPELLINGS = (
    "models:/agegender@champion, models:/agegender/3, runs:/RUN_ID, starter or a path "
    "to an .onnx file"
)
WHERE_FROM = {
    CHAMPION: "promote a version first with `agegender promote`",
    CHALLENGER: "train one first with `agegender train`",
    PREVIOUS: "it appears with the second promotion",
}


@dataclass(frozen=True)
class Version:
    """One version of the registered model, or a lone network file.

    Args:
        uri: As MLflow writes it, or the file's path.
        model: Registered model that it is a version of; without meaning for a file.
        number: Of the version; None for a file.
        run_id: Run that it came from; None for a file.
        model_id: MLflow's id of the logged model; None for a file.
        aliases: Names that point at it.
        tags: Of the version.
        file: The network, where it is a lone file.
    """

    uri: str
    model: str = MODEL_NAME
    number: int | None = None
    run_id: str | None = None
    model_id: str | None = None
    aliases: tuple[str, ...] = ()
    tags: dict[str, str] = field(default_factory=dict)
    file: Path | None = None


def resolve(uri: str) -> Version:
    """Find the version that a person means.

    Args:
        uri: `models:/agegender@ALIAS`, `models:/agegender/NUMBER`, `runs:/RUN_ID`
            (the newest version of that run), `starter` or the path of an `.onnx`
            file.

    Raises:
        ModelError: If there is no such version, alias, run or file.
    """
    if match := re.fullmatch(r"models:/([^/@]+)@([^/@]+)", uri):
        return _by_alias(match[1], match[2], uri)
    if match := re.fullmatch(r"models:/([^/@]+)/(\d+)", uri):
        return _by_number(match[1], match[2], uri)
    if match := re.fullmatch(r"runs:/([0-9a-f]{32})(/.*)?", uri):
        return _by_run(match[1], uri)
    if uri == STARTER:
        return Version(uri=STARTER, file=starter_file())
    if not uri or re.match(r"[a-z]{2,}:/", uri):
        raise ModelError(
            f"a model is written {SPELLINGS}. Received: {uri or repr(uri)}."
        )
    return _by_file(uri)


def alias_version(alias: str, name: str = MODEL_NAME) -> Version | None:
    """Return the version that an alias points at, or None where it points nowhere.

    Raises:
        ModelError: If the registry cannot be read.
    """
    with one_line_errors(f"look up alias {alias}"):
        try:
            found = MlflowClient().get_model_version_by_alias(name, alias)
        except MlflowException as error:
            if error.error_code in {
                "RESOURCE_DOES_NOT_EXIST",
                "INVALID_PARAMETER_VALUE",
            }:
                return None
            raise
    return from_registry(found)


def version_of_run(run_id: str) -> Version | None:
    """Return the newest version that a run registered, or None.

    Where somebody copied it to a registered model of another name, ours counts.

    Raises:
        ModelError: If the registry cannot be read.
    """
    with one_line_errors(f"look up the versions of run {run_id}"):
        found = MlflowClient().search_model_versions(f"run_id = '{run_id}'")
    newest = max(
        found, key=lambda one: (one.name == MODEL_NAME, int(one.version)), default=None
    )
    return newest and from_registry(newest)


def from_registry(found: ModelVersion) -> Version:
    """Return MLflow's record of a version as ours."""
    return Version(
        uri=f"models:/{found.name}/{found.version}",
        model=found.name,
        number=int(found.version),
        run_id=found.run_id,
        # A database registry leaves the id out, but names the source by it.
        model_id=found.model_id or _logged_model(found.source),
        aliases=tuple(found.aliases),
        tags=dict(found.tags),
    )


def _logged_model(source: str | None) -> str | None:
    match = re.fullmatch(r"models:/(m-[0-9a-f]+)", source or "")
    return match and match[1]


def _by_alias(name: str, alias: str, uri: str) -> Version:
    if version := alias_version(alias, name):
        return version
    advice = WHERE_FROM.get(alias, "`mlflow ui` shows the aliases that there are")
    raise ModelError(f"no {alias} yet: {advice}. Received: {uri}.")


def _by_number(name: str, number: str, uri: str) -> Version:
    with one_line_errors(f"look up {uri}"):
        try:
            return from_registry(MlflowClient().get_model_version(name, number))
        except MlflowException as error:
            if error.error_code != "RESOURCE_DOES_NOT_EXIST":
                raise
            raise ModelError(
                f"no version {number} of {name}: `mlflow ui` shows those that there "
                f"are. Received: {uri}."
            ) from error


def _by_run(run_id: str, uri: str) -> Version:
    if version := version_of_run(run_id):
        return version
    raise ModelError(
        f"that run registered no version: name one that did. Received: {uri}."
    )


def _by_file(uri: str) -> Version:
    path = Path(uri)
    if path.suffix != ".onnx":
        raise ModelError(f"a model is written {SPELLINGS}. Received: {uri}.")
    # Path.is_file() raises where a parent may not be looked into.
    if not os.path.isfile(path):  # noqa: PTH113
        raise ModelError(
            f"no such file: give the path of an .onnx file. Received: {uri}."
        )
    return Version(uri=str(path), file=path)
