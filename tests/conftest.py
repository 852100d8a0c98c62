"""What every test may ask for, and what none may touch."""

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

sys.path.insert(0, str(Path(__file__).parent))
from cluster import Cluster, programs

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
# Tests never time: a busy machine is no failure.
settings.register_profile(
    "patient", deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("patient")
SHARED = Path(__file__).resolve().parents[2] / "shared" / "data"


@pytest.fixture(autouse=True)
def own_tracking(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Keep every test's runs, and its working folder, in a folder of its own."""
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{tmp_path}/mlflow.db")
    for name in ("MLFLOW_RUN_ID", "MLFLOW_EXPERIMENT_ID", "MLFLOW_EXPERIMENT_NAME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture(autouse=True, scope="session")
def interruptible() -> None:
    """Let Ctrl-C reach the programs that tests start.

    What a shell runs in the background ignores it, and so does all that it starts.
    """
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Return the folder of real data, or skip where it is absent."""
    folder = Path(os.environ.get("AGEGENDER_SHARED", SHARED))
    if not folder.is_dir():
        pytest.skip(f"needs the real data, absent at {folder}")
    return folder


@pytest.fixture(scope="session")
def cluster() -> Iterator[Cluster]:
    """Start a PostgreSQL of our own, or skip where it is not installed."""
    found = programs()
    if found is None:
        pytest.skip("PostgreSQL's programs are not installed")
    temporary = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
    with temporary as name:
        cluster = Cluster(found, Path(name))
        cluster.create()
        try:
            yield cluster
        finally:
            cluster.stop()


Dask = tuple[str, list["subprocess.Popen[bytes]"]]
"""The address of a scheduler, and the processes of its workers."""


@pytest.fixture
def dask(tmp_path: Path) -> Iterator[Dask]:
    """Start a Dask scheduler with two workers, or skip where it is not installed."""
    pytest.importorskip("distributed", reason="needs the extra dask")
    file = tmp_path / "scheduler.json"
    where = ("--scheduler-file", file)
    begun = [_start_dask("scheduler", *where, "--host", "127.0.0.1", "--port", "0")]
    alone = ("--no-nanny", "--nthreads", "1", "--local-directory", tmp_path / "dask")
    begun += [_start_dask("worker", *where, *alone) for _ in range(2)]
    try:
        deadline = time.monotonic() + 60
        while not file.exists() and time.monotonic() < deadline:
            time.sleep(0.1)
        yield json.loads(file.read_text())["address"], begun[1:]
    finally:
        for process in reversed(begun):
            process.kill()
            process.wait()


def _start_dask(what: str, *options: str | Path) -> "subprocess.Popen[bytes]":
    program = f"distributed.cli.dask_{what}"
    command = [sys.executable, "-m", program, "--no-dashboard", *options]
    silence = subprocess.DEVNULL
    return subprocess.Popen(command, stdout=silence, stderr=silence)


Serve = Callable[..., AbstractContextManager[str]]
PATIENCE_SECONDS = 180


@pytest.fixture(scope="session")
def serve() -> Serve:
    """Return what runs an `mlflow ...` server while a block lasts."""
    return _serve


@contextlib.contextmanager
def _serve(
    command: list[str], alive: str, folder: Path, port: int | None = None
) -> Iterator[str]:
    """Run a server of MLflow's; end it with all that it started.

    Args:
        command: What follows `mlflow`.
        alive: Path that answers once it is up.
        folder: Where it runs, and keeps `server.log`.
        port: A free one by default.

    Yields:
        Its address.
    """
    port = port or free_port()
    # MLflow starts some servers by name, which must be ours and not the system's.
    beside = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    with (folder / "server.log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "mlflow", *command, "--port", str(port)],
            cwd=folder,
            env={**os.environ, "PATH": beside},
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        _wait_for(f"http://127.0.0.1:{port}{alive}", process, folder / "server.log")
        yield f"http://127.0.0.1:{port}"
    finally:
        if sys.platform == "win32":
            process.kill()
        else:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
        process.wait(timeout=30)


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
    return port


def _wait_for(address: str, process: "subprocess.Popen[bytes]", log: Path) -> None:
    until = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < until and process.poll() is None:
        try:
            with urllib.request.urlopen(address, timeout=5):
                return
        except OSError:
            time.sleep(0.2)
    pytest.fail(f"nothing answered at {address}: {log.read_text('utf-8')[-2000:]}")
