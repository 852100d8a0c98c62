"""Which GPU a worker sees, asked of the workers themselves."""

import os
from pathlib import Path

import pytest
from analytic_training import experiment, train_and_write_gpu

from agegender.search import run_study
from agegender.search.workers.gpus import SHARED, VISIBLE, gpu_settings


def test_each_worker_sees_one_of_the_gpus_that_the_user_chose(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(VISIBLE, "5,GPU-7f3a")
    run_study(
        experiment("random"),
        train_and_write_gpu,
        storage=f"sqlite:///{tmp_path.as_posix()}/study.db",
        study_name="s",
        trials=4,
        workers=2,
    )
    assert {file.name for file in tmp_path.glob("gpu-*")} == {"gpu-5", "gpu-GPU-7f3a"}
    assert os.environ[VISIBLE] == "5,GPU-7f3a"


def test_workers_share_gpus_in_turn_and_none_takes_all_memory(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv(VISIBLE, "0,1")
    settings = gpu_settings(3)
    assert [one[VISIBLE] for one in settings] == ["0", "1", "0"]
    assert all(one.items() >= SHARED.items() for one in settings)
    assert gpu_settings(2) == [{VISIBLE: "0"}, {VISIBLE: "1"}]


@pytest.mark.parametrize("none", ["", "-1", "-1,0"])
def test_no_worker_sees_a_gpu_where_the_user_hid_them(
    monkeypatch: pytest.MonkeyPatch, none: str
) -> None:
    monkeypatch.setenv(VISIBLE, none)
    assert gpu_settings(2) == [{}, {}]


def test_all_gpus_of_the_driver_are_used_where_none_is_chosen(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The driver's program as far as it is asked: it prints a number a line.
    program = tmp_path / "nvidia-smi"
    program.write_text("#!/bin/sh\nprintf '0\\n1\\n'\n")
    program.chmod(0o755)
    monkeypatch.delenv(VISIBLE, raising=False)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    assert [one[VISIBLE] for one in gpu_settings(2)] == ["0", "1"]
