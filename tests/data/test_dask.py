import json
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from agegender.data.prepare import prepare
from agegender.errors import ConfigError

pytest.importorskip("distributed", reason="needs the extra dask")

CLI = "distributed.cli.dask_"


def start(what: str, *options: str | Path) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", f"{CLI}{what}", "--no-dashboard", *options]
    silence = subprocess.DEVNULL
    return subprocess.Popen(command, stdout=silence, stderr=silence)


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[tuple[str, list[subprocess.Popen[bytes]]]]:
    file = tmp_path / "scheduler.json"
    where = ("--scheduler-file", file)
    begun = [start("scheduler", *where, "--host", "127.0.0.1", "--port", "0")]
    alone = ("--no-nanny", "--nthreads", "1", "--local-directory", tmp_path / "dask")
    begun += [start("worker", *where, *alone) for _ in range(2)]
    try:
        deadline = time.monotonic() + 60
        while not file.exists() and time.monotonic() < deadline:
            time.sleep(0.1)
        yield json.loads(file.read_text())["address"], begun[1:]
    finally:
        for process in reversed(begun):
            process.kill()
            process.wait()


@pytest.mark.parametrize("parts", [None, "shared", "url"])
def test_cluster_that_loses_a_worker_makes_the_same_store(
    cluster: Any, maker: Any, tmp_path: Path, parts: str | None
) -> None:
    address, workers = cluster
    shared = tmp_path / "shared"
    shared.mkdir()
    place = {None: None, "shared": str(shared), "url": shared.as_uri()}[parts]
    archive = maker.tar(maker.imdb(400, 8))
    alone = prepare("imdb", tmp_path / "alone", archive=archive, size=16)

    def kill_one(done: int, total: int, what: str) -> None:
        begun = what == "photos" and done < total / 2
        if begun and workers[0].poll() is None:
            assert parts is None or list(shared.glob("store.parts-*/*.npz"))
            workers[0].kill()
            workers[0].wait()

    store = prepare(
        "imdb",
        tmp_path / "store",
        archive=archive,
        size=16,
        scheduler=address,
        parts_at=place,
        progress=kill_one,
    )
    assert workers[0].poll() is not None
    assert list(shared.iterdir()) == []
    assert store.manifest.content_hash == alone.manifest.content_hash


def test_scheduler_that_does_not_answer_is_one_line(maker: Any, tmp_path: Path) -> None:
    archive = maker.tar(maker.imdb(2, 2))
    with pytest.raises(ConfigError, match="no Dask scheduler answers"):
        prepare("imdb", tmp_path / "s", archive=archive, scheduler="tcp://127.0.0.1:9")
