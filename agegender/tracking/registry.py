"""Versions of the registered model: made, fetched, and pointed at by aliases."""

import base64
import contextlib
from collections.abc import Mapping, Sequence
from importlib.metadata import PackageNotFoundError
from importlib.metadata import version as installed
from pathlib import Path
from typing import Any

import mlflow
import yaml
from mlflow import MlflowClient
from mlflow.exceptions import MlflowException

import agegender.errors
from agegender.errors import ModelError
from agegender.tracking.params import PARAMS
from agegender.tracking.run import RECIPE_FILE, Run
from agegender.tracking.store import one_line_errors
from agegender.tracking.version import (
    CHALLENGER,
    MODEL_NAME,
    Version,
    resolve,
    version_of_run,
)

SERVING_NEEDS = (
    "mlflow",
    "numpy",
    "pandas",
    "onnxruntime",
    "pillow",
    "simplejpeg",
    "cykooz-resizer",
    "pydantic",
)
"""Packages that answer a photo; pinned in the version to what it was made with."""

WHERE_BUILT = {
    "cykooz-resizer": "sys_platform != 'linux' or platform_machine == 'x86_64'"
}
"""Machines that a package has a wheel for, where not all: a container on Linux on ARM
would have to compile it, and does without. As in pyproject.toml."""


def register(
    run: Run,
    network: Path,
    keras_file: Path | None,
    photo: bytes,
    metadata: Mapping[str, Any],
) -> Version:
    """Log the served model in a run and register it as the new challenger.

    A run registers one version: where it was killed after it had, and goes on, the
    version that is there is returned.

    Args:
        run: An open run, made by `tracked_run`.
        network: The exported `.onnx` file.
        keras_file: The `.keras` file that it was exported from, to train on.
        photo: An encoded photo, kept as the input example.
        metadata: Plain values kept with the model, such as its crop rule.

    Returns:
        The new version.

    Raises:
        ModelError: If MLflow refuses.
    """
    active = mlflow.active_run()
    if active is None or active.info.run_id != run.id:
        raise ModelError(f"a model is registered from an open run. Received: {run}.")
    if before := version_of_run(run.id):
        set_alias(CHALLENGER, int(before.number or 0))
        return resolve(before.uri)
    artifacts = {"network": str(network)}
    if keras_file is not None:
        artifacts["keras"] = str(keras_file)
    with one_line_errors("register the model"):
        logged = mlflow.pyfunc.log_model(
            name=MODEL_NAME,
            python_model=str(Path(__file__).with_name("served.py")),
            artifacts=artifacts,
            code_paths=[str(Path(agegender.errors.__file__).parent)],
            pip_requirements=_pinned(SERVING_NEEDS),
            input_example=([base64.b64encode(photo).decode()], PARAMS),
            metadata=dict(metadata),
        )
        number = _add_version(logged.model_id, run)
    set_alias(CHALLENGER, number)
    return resolve(f"models:/{MODEL_NAME}/{number}")


def _pinned(names: Sequence[str]) -> list[str]:
    """Pin packages to what is here; one that is not here was not needed here."""
    pins = []
    for name in names:
        with contextlib.suppress(PackageNotFoundError):
            pin = f"{name}=={installed(name)}"
            pins.append(f"{pin}; {WHERE_BUILT[name]}" if name in WHERE_BUILT else pin)
    return pins


def download_network(version: Version) -> Path:
    """Return the version's ONNX file on this machine, fetched where it is remote.

    Raises:
        ModelError: If it cannot be fetched, or the version holds no network.
    """
    if version.file is not None:
        return version.file
    if (file := _download(version, "network")) is None:
        raise ModelError(f"{version.uri} holds no network of ours. Train one.")
    return file


def download_keras(version: Version) -> Path | None:
    """Return the version's `.keras` file, fetched likewise; None if it has none.

    Raises:
        ModelError: If it cannot be fetched.
    """
    return None if version.file is not None else _download(version, "keras")


def _download(version: Version, artifact: str) -> Path | None:
    with one_line_errors(f"fetch {version.uri}"):
        flavors = mlflow.models.get_model_info(version.uri).flavors
        kept = flavors.get("python_function", {}).get("artifacts") or {}
        if artifact not in kept:
            return None
        inside = f"{version.uri}/{kept[artifact]['path']}"
        return Path(mlflow.artifacts.download_artifacts(inside))


def signature_of(version: Version) -> dict[str, Any] | None:
    """Return what a version takes and answers, as MLflow writes it.

    Raises:
        ModelError: If it cannot be read.
    """
    with one_line_errors(f"read the signature of {version.uri}"):
        signature = mlflow.models.get_model_info(version.uri).signature
    return None if signature is None else dict(signature.to_dict())


def recipe_of(version: Version) -> str:
    """Return the experiment that a version was trained by, YAML; empty if unknown.

    Raises:
        ModelError: If the tracking store cannot be read.
    """
    if version.run_id is None:
        return ""
    with one_line_errors(f"read the recipe of {version.uri}"):
        kept = MlflowClient().list_artifacts(version.run_id)
        if RECIPE_FILE not in {file.path for file in kept}:
            return ""
        uri = f"runs:/{version.run_id}/{RECIPE_FILE}"
        settings = yaml.safe_load(mlflow.artifacts.load_text(uri))
    # What a search would have varied did not shape this version.
    settings.pop("search", None)
    return str(yaml.safe_dump(settings, sort_keys=False)).strip()


def set_alias(alias: str, number: int) -> None:
    """Point an alias at a version, taking it from the one that had it."""
    with one_line_errors(f"set alias {alias}"):
        MlflowClient().set_registered_model_alias(MODEL_NAME, alias, str(number))


def drop_alias(alias: str) -> None:
    """Take an alias from the version that has it; nothing where none has."""
    with one_line_errors(f"drop alias {alias}"):
        MlflowClient().delete_registered_model_alias(MODEL_NAME, alias)


def tag_version(version: Version, tags: Mapping[str, Any]) -> None:
    """Set tags on a registered version."""
    with one_line_errors(f"tag {version.uri}"):
        client = MlflowClient()
        for name, value in tags.items():
            client.set_model_version_tag(
                version.model, str(version.number), name, str(value)
            )


def describe_version(version: Version, description: str) -> None:
    """Set the text that a person reads on the version's page."""
    with one_line_errors(f"describe {version.uri}"):
        MlflowClient().update_model_version(
            version.model, str(version.number), description=description
        )


def _add_version(model_id: str, run: Run) -> int:
    client = MlflowClient()
    try:
        client.create_registered_model(MODEL_NAME)
    except MlflowException as error:
        if error.error_code != "RESOURCE_ALREADY_EXISTS":
            raise
    made = client.create_model_version(
        MODEL_NAME, source=f"models:/{model_id}", run_id=run.id, model_id=model_id
    )
    return int(made.version)
