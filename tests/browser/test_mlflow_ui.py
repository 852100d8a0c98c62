"""MLflow's own pages, drawn by a real browser from a store that we filled.

Chromium writes the finished page out by itself, so that no driver is needed.
"""

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from html import unescape
from pathlib import Path
from typing import Any, NamedTuple

import mlflow
import pytest
from mlflow import MlflowClient

from agegender.config import Experiment, ModelConfig
from agegender.tracking import pages
from agegender.tracking.registry import MODEL_NAME, set_alias
from agegender.tracking.run import Run
from agegender.tracking.runs import tracked_run
from agegender.tracking.store import use_tracking_store

CHROMIUM = next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))),
    None,
)
PATIENCE_SECONDS = 120

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="no chromium on PATH"),
]


class Served(NamedTuple):
    """A tracking server and what it shows."""

    address: str
    narrow: Run
    wide: Run


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory, serve: Any) -> Iterator[Served]:
    root = tmp_path_factory.mktemp("ui")
    with pytest.MonkeyPatch.context() as patch:
        for name in [name for name in os.environ if name.startswith("MLFLOW_")]:
            if name.endswith(("_URI", "_ID", "_NAME")):
                patch.delenv(name)
        patch.chdir(root)
        mlflow.set_tracking_uri(None)
        uri = use_tracking_store(root)
        narrow, wide = (trained(name, depth) for name, depth in RUNS.items())
        registered(wide)
        mlflow.set_tracking_uri(None)
    command = ["server", "--workers", "1", "--backend-store-uri", uri]
    with serve([*command, "--host", "127.0.0.1"], "/health", root) as address:
        yield Served(address, narrow, wide)


RUNS = {"narrow": 10, "wide": 16}


def trained(name: str, depth: int) -> Run:
    with tracked_run(name) as run:
        run.log_experiment(Experiment(name=name, model=ModelConfig(depth=depth)))
        listen = run.epoch_listener()
        for epoch in range(3):
            listen(epoch, {"val_age_mae": depth / 2 - epoch, "loss": 4.0 - epoch})
        run.log_dataset("wiki-train", "ab" * 32, Path(), "training", 90)
    return run


def registered(run: Run) -> None:
    client = MlflowClient()
    client.create_registered_model(MODEL_NAME)
    source = client.get_run(run.id).info.artifact_uri
    client.create_model_version(MODEL_NAME, source=source, run_id=run.id)
    set_alias("champion", 1)


def text_of(address: str, folder: Path) -> str:
    """Return the words on a page; keep a picture of it in the folder."""
    flags = (
        "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run "
        "--disable-background-networking --disable-component-update --disable-sync "
        "--window-size=1500,950 --virtual-time-budget=15000 --dump-dom"
    )
    drawn = subprocess.run(
        [
            str(CHROMIUM),
            *flags.split(),
            f"--user-data-dir={folder / 'profile'}",
            f"--screenshot={folder / 'page.png'}",
            address,
        ],
        capture_output=True,
        timeout=PATIENCE_SECONDS,
        check=True,
    )
    page = drawn.stdout.decode("utf-8", "replace")
    page = re.sub(r"<(script|style)\b.*?</\1>", "", page, flags=re.DOTALL)
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", page)).split())


def test_experiment_opens_on_its_runs_in_the_model_training_view(
    served: Served, tmp_path: Path
) -> None:
    page = pages.experiment_page(served.address, served.wide.experiment_id)

    shown = text_of(page, tmp_path)

    assert "agegender Runs Models Traces Model registry" in shown
    assert "narrow" in shown
    assert "wiki-train (abababababab) training" in shown
    assert "2 matching runs" in shown
    assert "Judges" not in shown  # of the view for language models


def test_two_runs_compared_show_names_settings_and_figures(
    served: Served, tmp_path: Path
) -> None:
    runs = [served.narrow.id, served.wide.id]
    page = pages.comparison_page(served.address, served.wide.experiment_id, runs)

    shown = text_of(page, tmp_path)

    assert "Comparing 2 Runs from 1 Experiment" in shown
    assert "Run Name: narrow wide" in shown
    assert "model.depth 10 16" in shown
    assert "loss val_age_mae" in shown
    assert "2 2 3 6" in shown
    assert "search." not in shown


def test_registered_model_shows_its_alias(served: Served, tmp_path: Path) -> None:
    shown = text_of(pages.model_page(served.address), tmp_path)

    assert "Registered Models agegender" in shown
    assert re.search(r"Version 1 .* @ ?champion", shown)


def test_run_shows_last_values_and_few_parameters(
    served: Served, tmp_path: Path
) -> None:
    run = served.wide
    page = pages.run_page(served.address, run.experiment_id, run.id)

    shown = text_of(page, tmp_path)

    assert "val_age_mae 6" in shown
    assert "Parameters (22)" in shown
    assert "Status Finished" in shown
