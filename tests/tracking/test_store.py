import os
import socket
import sqlite3
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import quote

import mlflow
import pytest
from cluster import Cluster
from mlflow import MlflowClient

from agegender.errors import ModelError
from agegender.tracking.store import use_experiment, use_tracking_store


def test_database_lies_in_mlruns_and_plain_mlflow_finds_it_by_link(store: Path) -> None:
    link = store / "mlflow.db"

    assert mlflow.get_tracking_uri() == f"sqlite:///{store.as_posix()}/mlruns/mlflow.db"
    if sys.platform != "win32":
        assert link.resolve() == (store / "mlruns" / "mlflow.db").resolve()


@pytest.mark.skipif(sys.platform == "win32", reason="links need a permission there")
def test_link_is_made_also_where_make_named_our_database(
    store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (store / "mlflow.db").unlink()
    monkeypatch.setenv(
        "MLFLOW_TRACKING_URI", f"sqlite:///{store.as_posix()}/mlruns/mlflow.db"
    )

    use_tracking_store(store)

    assert (store / "mlflow.db").is_symlink()


def test_database_that_plain_mlflow_made_first_is_used_as_it_is(
    store: Path, empty_database: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = store / "other"
    other.mkdir()
    (other / "mlflow.db").write_bytes(empty_database.read_bytes())
    monkeypatch.delenv("MLFLOW_TRACKING_URI")

    assert use_tracking_store(other) == f"sqlite:///{other.as_posix()}/mlflow.db"
    assert not (other / "mlruns" / "mlflow.db").exists()


def test_address_that_mlflow_run_wrote_as_in_the_web_is_read(
    store: Path, empty_database: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    database = store / "100 % ü" / "mlflow.db"
    database.parent.mkdir()
    database.write_bytes(empty_database.read_bytes())
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{quote(str(database))}")

    assert use_tracking_store() == f"sqlite:///{database.as_posix()}"


def test_relative_address_is_made_absolute_for_workers_in_other_folders(
    store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "sqlite:///mlruns/mlflow.db")

    uri = use_tracking_store()

    assert uri == f"sqlite:///{store.as_posix()}/mlruns/mlflow.db"
    assert os.environ["MLFLOW_TRACKING_URI"] == uri


def test_two_workers_that_start_on_nothing_make_one_whole_database(
    store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("MLFLOW_TRACKING_URI")
    bare = store / "bare"
    bare.mkdir()

    with ThreadPoolExecutor(2) as workers:
        uris = set(workers.map(use_tracking_store, [bare, bare]))

    assert uris == {f"sqlite:///{bare.as_posix()}/mlruns/mlflow.db"}
    with sqlite3.connect(bare / "mlruns" / "mlflow.db") as database:
        names = database.execute("select name from experiments").fetchall()
    assert names == [("Default",)]
    assert not list((bare / "mlruns").glob(".creating-*"))


@pytest.mark.usefixtures("store")
def test_experiment_opens_in_the_model_training_view() -> None:
    experiment = MlflowClient().get_experiment(use_experiment())

    assert experiment.name == "agegender"
    assert experiment.tags["mlflow.experimentKind"] == "custom_model_development"
    assert experiment.artifact_location.endswith("/mlruns/artifacts")


@pytest.mark.usefixtures("store")
def test_experiment_of_mlflow_run_is_used_and_gets_its_kind(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("MLFLOW_EXPERIMENT_ID", "0")

    assert use_experiment() == "0"
    tags = MlflowClient().get_experiment("0").tags
    assert tags["mlflow.experimentKind"] == "custom_model_development"


@pytest.mark.usefixtures("store")
def test_kind_that_a_person_chose_stays() -> None:
    client = MlflowClient()
    client.create_experiment(
        "theirs", tags={"mlflow.experimentKind": "genai_development"}
    )

    chosen = client.get_experiment(use_experiment("theirs"))

    assert chosen.tags["mlflow.experimentKind"] == "genai_development"


@pytest.mark.usefixtures("store")
def test_experiment_that_was_deleted_is_told_with_the_way_back() -> None:
    deleted = use_experiment("theirs")
    MlflowClient().delete_experiment(deleted)

    with pytest.raises(
        ModelError, match=f"'theirs' was deleted.* restore -x {deleted}"
    ):
        use_experiment("theirs")


@pytest.mark.usefixtures("store")
def test_fresh_postgresql_is_opened_by_several_at_once(cluster: Cluster) -> None:
    code = (
        "import sys\n"
        "from agegender.tracking.store import use_experiment, use_tracking_store\n"
        "print('ready', flush=True)\n"
        "sys.stdin.readline()\n"
        "use_tracking_store()\n"
        "print(use_experiment())\n"
    )
    environment = os.environ | {"MLFLOW_TRACKING_URI": cluster.database("fresh")}
    openers = [
        subprocess.Popen(
            [sys.executable, "-c", code],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=environment,
            text=True,
        )
        for _ in range(3)
    ]
    for one in openers:
        assert one.stdout is not None
        assert one.stdout.readline() == "ready\n"
    for one in openers:
        assert one.stdin is not None
        one.stdin.write("go\n")
        one.stdin.flush()
    told = [one.communicate(timeout=120)[0] for one in openers]
    assert [one.returncode for one in openers] == [0, 0, 0]
    assert len(set(told)) == 1


def test_absent_server_is_one_line_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{taken.getsockname()[1]}"
    monkeypatch.setenv("MLFLOW_TRACKING_URI", address)
    began = time.monotonic()

    with pytest.raises(
        ModelError, match=f"no MLflow server answers at {address}"
    ) as no:
        use_tracking_store()

    assert time.monotonic() - began < 6
    assert "\n" not in str(no.value)


@pytest.mark.parametrize(
    ("address", "message"),
    [
        ("http://localhost:50OO", "is no number .*'50OO'"),
        # Of its user and password nobody is told, the name service least.
        ("http://u:p@127.0.0.1:1", r"at http://127.0.0.1:1 .*refused"),
        ("http://my host:5000", "no MLflow server answers at http://my host:5000"),
        ("postgresql://u:p@127.0.0.1:abc/x", "is no number .*'abc'"),
        (
            "mysql://u:p@127.0.0.1/x",
            "in mysql://127.0.0.1/x: No module named 'MySQLdb'",
        ),
        ("postgresql+pg8000://u@127.0.0.1/x", "No module named 'pg8000'. Install it"),
    ],
)
def test_address_that_cannot_be_used_is_one_line(
    address: str, message: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def use() -> None:
        use_tracking_store()
        use_experiment()

    monkeypatch.setenv("MLFLOW_TRACKING_URI", address)

    with pytest.raises(ModelError, match=message) as no:
        use()

    assert "\n" not in str(no.value)


def test_folder_that_cannot_be_made_is_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{tmp_path}/file/mlflow.db")
    with pytest.raises(
        ModelError, match=r"create .* in sqlite:///.*/file/mlflow\.db: "
    ):
        use_tracking_store()

    monkeypatch.delenv("MLFLOW_TRACKING_URI")
    with pytest.raises(ModelError, match="make the tracking store's folder"):
        use_tracking_store(tmp_path / "file")


def test_folder_instead_of_a_database_is_one_line_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{tmp_path}")

    with pytest.raises(ModelError, match="Received a folder: "):
        use_tracking_store()


@pytest.mark.usefixtures("store")
def test_file_that_is_no_database_is_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "text.db").write_text("not a database, by any means" * 50)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{tmp_path}/text.db")
    use_tracking_store()

    with pytest.raises(ModelError, match=r"text\.db") as no:
        use_experiment()

    assert "\n" not in str(no.value)
