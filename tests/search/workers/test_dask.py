"""The search that `docs/scaling.md` starts through a Dask scheduler, as it stands."""

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import mlflow
import optuna
import pytest

from agegender import steps
from agegender.tracking.store import use_tracking_store

PROJECT = Path(__file__).parents[3]
EXPERIMENT = """
name: hunt
model: {depth: 10, widen_factor: 1}
training: {epochs: 1, batch_size: 32, precision: float32}
search:
  space:
    optimizer.learning_rate: {low: 0.01, high: 0.1, log: true}
"""


def snippet() -> str:
    """Return the program of the page, which is the one that names the scheduler."""
    page = (PROJECT / "docs" / "scaling.md").read_text(encoding="utf-8")
    (found,) = re.findall(r"```python\n(.*?)```", page, flags=re.DOTALL)
    return str(found)


@pytest.mark.slow
def test_workers_of_a_scheduler_share_one_study(
    cluster: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: Any
) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", cluster.database("dask_runs"))
    address, _ = request.getfixturevalue("dask")  # whose workers take the address along
    drawn = steps.sample(str(tmp_path), faces=160, seed=3).data
    steps.prep("wiki", out="store", archive=drawn["archive"], size=16)
    Path("hunt.yaml").write_text(EXPERIMENT, encoding="utf-8")
    storage = cluster.database("dask_studies")
    program = snippet()
    for theirs, ours in (
        ("agegender", str(Path(sys.executable).with_name("agegender"))),
        ("experiments/search_width_depth_lr.yaml", "hunt.yaml"),
        ("/shared/utkface", "store"),
        ("200", "6"),
        ("8", "1"),
        ("postgresql+psycopg2://agegender:PASSWORD@hub/studies", storage),
        ("tcp://hub:8786", address),
    ):
        assert f'"{theirs}"' in program
        program = program.replace(f'"{theirs}"', f'"{ours}"')

    subprocess.run([sys.executable, "-c", program], check=True, env=os.environ)

    study = optuna.load_study(study_name="hunt", storage=storage)
    assert [one.state.name for one in study.trials] == ["COMPLETE"] * 6
    owners = {one.system_attrs["owner"]["command"] for one in study.trials}
    assert len(owners) == 2
    use_tracking_store()
    runs = mlflow.search_runs(search_all_experiments=True, output_format="list")
    assert [run.info.status for run in runs] == ["FINISHED"] * 7
