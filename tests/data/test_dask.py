from pathlib import Path
from typing import Any

import pytest

from agegender.data.prepare import prepare
from agegender.errors import ConfigError

pytest.importorskip("distributed", reason="needs the extra dask")


@pytest.mark.parametrize("parts", [None, "shared", "url"])
def test_cluster_that_loses_a_worker_makes_the_same_store(
    dask: Any, maker: Any, tmp_path: Path, parts: str | None
) -> None:
    address, workers = dask
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


@pytest.mark.parametrize("address", ["", "foo", "http://127.0.0.1:9", "tcp://host"])
def test_address_of_no_scheduler_is_one_line_at_once(
    maker: Any, tmp_path: Path, address: str
) -> None:
    archive = maker.tar(maker.imdb(2, 2))
    with pytest.raises(ConfigError, match="is like tcp://"):
        prepare("imdb", tmp_path / "s", archive=archive, scheduler=address)


def test_scheduler_that_does_not_answer_is_one_line(maker: Any, tmp_path: Path) -> None:
    archive = maker.tar(maker.imdb(2, 2))
    with pytest.raises(ConfigError, match="no Dask scheduler answers"):
        prepare("imdb", tmp_path / "s", archive=archive, scheduler="tcp://127.0.0.1:9")
