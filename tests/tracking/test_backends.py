"""The registry in SQLite, in PostgreSQL and behind a real MLflow server."""

import json
import subprocess
import sys
import urllib.parse
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import mlflow
import pytest
from promoting import promote_alias

from agegender import steps
from agegender.errors import ModelError
from agegender.tracking import alone, registry
from agegender.tracking.champion import promote_over
from agegender.tracking.runs import tracked_run
from agegender.tracking.store import use_tracking_store
from agegender.tracking.version import Version, resolve


@pytest.fixture(scope="module", params=["sqlite", "postgresql", "server"])
def store_uri(
    request: pytest.FixtureRequest,
    tmp_path_factory: pytest.TempPathFactory,
    serve: Any,
) -> Iterator[str]:
    """Return the address of a tracking store of each kind."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path_factory.mktemp('sqlite')}/mlflow.db"
        return
    if request.param == "postgresql":
        yield request.getfixturevalue("cluster").database("mlflow")
        return
    folder = tmp_path_factory.mktemp("server")
    command = ["server", "--workers", "2", "--host", "127.0.0.1"]
    command += ["--backend-store-uri", f"sqlite:///{folder / 'server.db'}"]
    command += ["--artifacts-destination", str(folder / "artifacts")]
    with serve(command, "/health", folder) as address:
        yield address


@pytest.fixture(scope="module")
def versions(
    store_uri: str,
    tmp_path_factory: pytest.TempPathFactory,
    tiny_network: Path,
    photo: bytes,
) -> Iterator[list[Version]]:
    """Register three versions, each from a run of its own."""
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(tmp_path_factory.mktemp("project"))
        patch.setenv("MLFLOW_TRACKING_URI", store_uri)
        for name in ("MLFLOW_EXPERIMENT_ID", "MLFLOW_EXPERIMENT_NAME"):
            patch.delenv(name, raising=False)
        use_tracking_store()
        made = []
        for number in range(3):
            with tracked_run(f"tiny {number}") as run:
                run.log_metrics({"val_age_mae": 5.0 - number})
                made.append(registry.register(run, tiny_network, None, photo, {}))
        yield made
    mlflow.set_tracking_uri(None)


@pytest.fixture
def store(
    store_uri: str, versions: list[Version], monkeypatch: pytest.MonkeyPatch
) -> Iterator[list[Version]]:
    """Use the store; return its versions, the first of them champion."""
    monkeypatch.setenv("MLFLOW_TRACKING_URI", store_uri)
    use_tracking_store()
    promote_alias(versions[0])
    yield versions
    mlflow.set_tracking_uri(None)


def test_network_comes_back_byte_for_byte_and_answers(
    store: list[Version], tiny_network: Path
) -> None:
    challenger = resolve("models:/agegender@challenger")
    assert challenger.number == store[-1].number
    file = registry.download_network(challenger)
    assert file.read_bytes() == tiny_network.read_bytes()
    assert registry.signature_of(challenger) is not None
    found = resolve(f"runs:/{challenger.run_id}")
    assert found.number == challenger.number


def test_promotion_keeps_the_previous_and_rollback_restores_it(
    store: list[Version],
) -> None:
    promote_over(store[1], store[0])
    assert resolve("models:/agegender@previous").number == store[0].number

    undone = steps.rollback()

    assert undone.data == {"version": store[0].number, "was": store[1].number}
    assert resolve("models:/agegender@champion").number == store[0].number
    assert resolve("models:/agegender@previous").number == store[1].number


def test_of_two_promotions_at_once_one_wins(store: list[Version]) -> None:
    code = (
        "import sys\n"
        "from agegender.errors import GateRefusedError\n"
        "from agegender.tracking.champion import promote_over\n"
        "from agegender.tracking.store import use_tracking_store\n"
        "from agegender.tracking.version import alias_version, resolve\n"
        "use_tracking_store()\n"
        "champion = alias_version('champion')\n"
        "rival = resolve(f'models:/agegender/{sys.argv[1]}')\n"
        "print('judged', flush=True)\n"
        "sys.stdin.readline()\n"
        "try:\n"
        "    promote_over(rival, champion)\n"
        "except GateRefusedError as refusal:\n"
        "    print(refusal)\n"
        "    sys.exit(refusal.exit_code)\n"
    )
    running = [
        subprocess.Popen(
            [sys.executable, "-c", code, str(rival.number)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for rival in store[1:]
    ]
    for one in running:
        assert one.stdout is not None
        assert one.stdout.readline() == "judged\n"
    for one in running:
        assert one.stdin is not None
        one.stdin.write("go\n")
        one.stdin.flush()
    told = [one.communicate(timeout=60)[0] for one in running]
    codes = [one.returncode for one in running]
    assert sorted(codes) == [0, 5]
    winner = store[1:][codes.index(0)]
    assert f"is version {winner.number} now" in "".join(told)
    assert resolve("models:/agegender@champion").number == winner.number
    assert resolve("models:/agegender@previous").number == store[0].number
    names = [one.name for one in mlflow.search_registered_models()]
    assert names == ["agegender"]  # the lock is gone


def test_lock_of_a_killed_promotion_is_broken_and_a_live_one_waited_for(
    store: list[Version], store_uri: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if store_uri.startswith("sqlite"):
        pytest.skip("the system lets go of a killed process's lock")
    client = mlflow.MlflowClient()
    client.create_registered_model(alone.LOCK, tags={alone.HOLDER_TAG: "killed"})
    monkeypatch.setattr(alone, "STALE_SECONDS", 0.3)
    promote_over(store[2], store[0])
    assert resolve("models:/agegender@champion").number == store[2].number

    client.create_registered_model(alone.LOCK, tags={alone.HOLDER_TAG: "at work"})
    monkeypatch.setattr(alone, "STALE_SECONDS", 60.0)
    monkeypatch.setattr(alone, "PATIENCE_SECONDS", 0.3)
    with pytest.raises(ModelError, match=alone.LOCK):
        promote_over(store[1], store[2])
    client.delete_registered_model(alone.LOCK)


def test_lock_that_is_let_go_while_another_asks_for_it_is_asked_for_again(
    store: list[Version], store_uri: str
) -> None:
    if store_uri.startswith("sqlite"):
        pytest.skip("the system keeps the lock")

    def take_turns(name: str) -> int:
        for turn in range(25):
            alone._take(f"{name} {turn}")
            alone._release()
        return 25

    with ThreadPoolExecutor() as threads:
        assert list(threads.map(take_turns, ["one", "two", "three"])) == [25] * 3


def test_tags_and_description_are_seen_over_plain_http(
    store: list[Version], store_uri: str
) -> None:
    if not store_uri.startswith("http"):
        pytest.skip("a database answers no HTTP")
    registry.tag_version(store[0], {"gate": "MAE 4.70 instead of 5.01"})
    registry.describe_version(store[0], "WRN-10-1. No proof of age.")

    query = urllib.parse.urlencode({"name": "agegender", "alias": "champion"})
    address = f"{store_uri}/api/2.0/mlflow/registered-models/alias?{query}"
    with urllib.request.urlopen(address, timeout=30) as answer:
        version = json.load(answer)["model_version"]

    assert version["version"] == str(store[0].number)
    assert version["description"] == "WRN-10-1. No proof of age."
    assert {"key": "gate", "value": "MAE 4.70 instead of 5.01"} in version["tags"]
    assert "champion" in version["aliases"]
