"""MLflow's pages, served over a tracking store of their own."""

import json
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

import mlflow
import pytest

from agegender.tracking.pages import MODEL_TRAINING_VIEW
from agegender.tracking.store import use_tracking_store


@contextmanager
def own_store(root: Path) -> Iterator[str]:
    """Work in a folder on a tracking store of its own; yield the store's address."""
    with pytest.MonkeyPatch.context() as patch:
        for name in [name for name in os.environ if name.startswith("MLFLOW_")]:
            if name.endswith(("_URI", "_ID", "_NAME")):
                patch.delenv(name)
        patch.chdir(root)
        mlflow.set_tracking_uri(None)
        yield use_tracking_store(root)


@contextmanager
def pages_of(store: str, serve: Any, root: Path) -> Iterator[str]:
    """Serve a store's pages, which are asked by MLflow too; yield their address."""
    command = ["server", "--workers", "1", "--backend-store-uri", store]
    with serve([*command, "--host", "127.0.0.1"], "/health", root) as address:
        mlflow.set_tracking_uri(address)
        yield address
    mlflow.set_tracking_uri(None)


def run_page(server: str, experiment_id: str, run_id: str) -> str:
    place = f"experiments/{experiment_id}/runs/{run_id}"
    return f"{server}/#/{place}?{MODEL_TRAINING_VIEW}"


def comparison_page(server: str, experiment_id: str, run_ids: Sequence[str]) -> str:
    runs, experiments = (
        quote(json.dumps(list(ids))) for ids in (run_ids, [experiment_id])
    )
    chosen = f"runs={runs}&experiments={experiments}"
    return f"{server}/#/compare-runs?{chosen}&{MODEL_TRAINING_VIEW}"
