"""What is recorded in a run: settings, curves, data, figures, files.

Records go to a run by its id, not to MLflow's "active run", so that listeners may
be called from anywhere.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import mlflow
from mlflow.entities import Dataset, DatasetInput, InputTag, Param, RunTag
from mlflow.utils.mlflow_tags import MLFLOW_DATASET_CONTEXT, MLFLOW_RUN_NOTE

from agegender.config import Experiment
from agegender.tracking.patient import PatientClient, patiently
from agegender.tracking.store import one_line_errors

if TYPE_CHECKING:
    from matplotlib.figure import Figure

EPOCH_METRIC = "loss"
"""What every epoch is recorded with."""

RECIPE_FILE = "experiment.yaml"
"""Artifact that holds all settings of the experiment."""

LONGEST_PARAMETER = 100
"""Characters; a longer value belongs into a file and would swamp the run's page."""

DIGEST_LENGTH = 12
"""Characters shown of a hash: MLflow takes 36, but its list of runs shows them all."""


@dataclass(frozen=True)
class Run:
    """A run that things may be recorded in.

    Args:
        id: MLflow's id of the run.
        experiment_id: MLflow's id of its experiment.
        name: Shown in the list of runs.
    """

    id: str
    experiment_id: str
    name: str

    def log_params(self, settings: Mapping[str, Any]) -> None:
        """Record settings, nested ones under dotted names.

        A name that the run has already keeps its value: `mlflow run` records the
        options as they were typed, and MLflow refuses another spelling.

        Args:
            settings: Plain values, lists and mappings of these.
        """
        with one_line_errors("record parameters"):
            client = PatientClient()
            known = client.get_run(self.id).data.params
            params = [
                Param(name, value)
                for name, value in flatten(settings).items()
                if name not in known and len(value) <= LONGEST_PARAMETER
            ]
            client.log_batch(self.id, params=params)

    def log_experiment(self, experiment: Experiment) -> None:
        """Record what was trained: short values as parameters, all in a file.

        Args:
            experiment: Its name is the run's already, and what a search would vary
                did not shape this run: neither becomes a parameter.
        """
        settings = experiment.to_dict()
        self.log_dict(settings, RECIPE_FILE)
        told_elsewhere = {"name", "search"}
        self.log_params({k: v for k, v in settings.items() if k not in told_elsewhere})

    def log_metrics(
        self,
        metrics: Mapping[str, float],
        step: int = 0,
        model_id: str | None = None,
        data: Dataset | None = None,
    ) -> None:
        """Record metrics in one call.

        Args:
            metrics: Name -> value.
            step: Where on the x-axis; epochs count from 0.
            model_id: Logged model that the values belong to.
            data: What the values were measured on, from `log_dataset`.
        """
        values = {name: float(value) for name, value in metrics.items()}
        with one_line_errors("record metrics"):
            patiently(
                lambda: mlflow.log_metrics(
                    values, step=step, run_id=self.id, model_id=model_id, dataset=data
                )
            )

    def epoch_listener(self) -> Callable[[int, Mapping[str, float]], None]:
        """Return what `train.fit` calls at the end of each epoch.

        A training that goes on tells of its earlier epochs again: those that the
        run has already are left out.
        """
        with one_line_errors("read the epochs recorded"):
            points = PatientClient().get_metric_history(self.id, EPOCH_METRIC)
        known = {point.step for point in points}

        def record(epoch: int, metrics: Mapping[str, float]) -> None:
            if epoch not in known:
                self.log_metrics(metrics, step=epoch)

        return record

    def log_dataset(
        self, name: str, digest: str, source: Path, context: str, rows: int
    ) -> Dataset:
        """Record which data the run read.

        Args:
            name: Of the data, with its split.
            digest: Hash of the content; its first characters are kept.
            source: The face store.
            context: "training", "validation" or "test".
            rows: Faces in it.

        Returns:
            What `log_metrics` links values to.
        """
        data = Dataset(
            name=name,
            digest=digest.removeprefix("sha256:")[:DIGEST_LENGTH],
            source_type="local",
            source=json.dumps({"uri": source.resolve().as_posix()}),
            profile=json.dumps({"num_rows": rows}),
        )
        with one_line_errors("record the data set"):
            PatientClient().log_inputs(
                self.id,
                [DatasetInput(data, [InputTag(MLFLOW_DATASET_CONTEXT, context)])],
            )
        return data

    def log_figure(self, figure: "Figure", path: str) -> None:
        """Keep a figure as a picture, `path` within the run's artifacts."""
        with one_line_errors(f"keep {path}"):
            PatientClient().log_figure(self.id, figure, path)

    def log_dict(self, content: Mapping[str, Any], path: str) -> None:
        """Keep nested plain values as JSON or YAML, as the path's ending says."""
        with one_line_errors(f"keep {path}"):
            PatientClient().log_dict(self.id, dict(content), path)

    def log_text(self, text: str, path: str) -> None:
        """Keep a text, `path` within the run's artifacts."""
        with one_line_errors(f"keep {path}"):
            PatientClient().log_text(self.id, text, path)

    def log_file(self, file: Path, folder: str | None = None) -> None:
        """Keep a file, in `folder` within the run's artifacts."""
        with one_line_errors(f"keep {file.name}"):
            PatientClient().log_artifact(self.id, str(file), folder)

    def set_tags(self, tags: Mapping[str, Any]) -> None:
        """Set tags in one call."""
        with one_line_errors("set tags"):
            pairs = [RunTag(name, str(value)) for name, value in tags.items()]
            PatientClient().log_batch(self.id, tags=pairs)

    def describe(self, text: str) -> None:
        """Set what MLflow shows as the run's description, in Markdown."""
        self.set_tags({MLFLOW_RUN_NOTE: text})


def flatten(settings: Mapping[str, Any], prefix: str = "") -> dict[str, str]:
    """Return one text a setting, dotted where nested, none where unset."""
    flat: dict[str, str] = {}
    for name, value in settings.items():
        if isinstance(value, Mapping):
            flat |= flatten(value, f"{prefix}{name}.")
        elif value is not None:
            flat[f"{prefix}{name}"] = str(value)
    return flat
