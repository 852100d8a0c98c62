"""Places for parts, each a real one: a folder, files by URL, memory by URL."""

import os
import pickle
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import fsspec
import pytest

from agegender.data.shelf import FolderShelf, Shelf, UrlShelf
from agegender.errors import AgeGenderError, ConfigError, DataError

CONTENT = b"part" * 1000


@pytest.fixture(params=["folder", "file", "memory"])
def shelf(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Shelf]:
    if request.param == "folder":
        yield FolderShelf(tmp_path / "parts", tmp_path)
    elif request.param == "file":
        yield UrlShelf(f"{tmp_path.as_uri()}/parts")
    else:
        yield UrlShelf(f"memory://{tmp_path.name}/parts")
        fsspec.filesystem("memory").store.clear()


def test_file_is_found_again_by_whoever_gets_the_shelf(shelf: Shelf) -> None:
    shelf.make()
    shelf.put("2.npz", CONTENT)
    shelf.put("1.npz", CONTENT)
    carried: Shelf = pickle.loads(pickle.dumps(shelf))
    assert carried.names() == ["1.npz", "2.npz"]
    with carried.get("1.npz") as file:
        assert file.read() == CONTENT


def test_file_that_is_there_is_replaced(shelf: Shelf) -> None:
    shelf.make()
    shelf.put("1.npz", b"old")
    shelf.put("1.npz", CONTENT)
    with shelf.get("1.npz") as file:
        assert file.read() == CONTENT
    assert shelf.names() == ["1.npz"]


def test_many_write_at_once(shelf: Shelf) -> None:
    shelf.make()
    names = [f"{n % 20:08d}.npz" for n in range(60)]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda name: shelf.put(name, CONTENT), names))
    assert shelf.names() == sorted(set(names))


def test_half_a_file_is_no_file_and_is_cleared(shelf: Shelf) -> None:
    shelf.make()
    shelf.put("1.npz.0badcafe.tmp", CONTENT)
    assert shelf.names() == []
    shelf.make()
    shelf.put("1.npz", CONTENT)
    shelf.remove_if_empty()
    assert shelf.names() == ["1.npz"]
    shelf.discard("1.npz")
    shelf.discard("1.npz")
    assert shelf.names() == []


def test_shelf_that_goes_leaves_nothing(shelf: Shelf, tmp_path: Path) -> None:
    shelf.make()
    shelf.remove_if_empty()
    shelf.make()
    shelf.put("1.npz", CONTENT)
    shelf.remove()
    shelf.remove()
    assert list(tmp_path.iterdir()) == []
    assert not fsspec.filesystem("memory").store


def test_file_that_has_gone_is_one_line(shelf: Shelf) -> None:
    shelf.make()
    with pytest.raises(DataError, match="cannot be read: ") as refused:
        shelf.get("1.npz")
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    ("url", "kind", "says"),
    [
        ("moon://bucket/parts", ConfigError, "moon"),
        ("s3://[/parts", AgeGenderError, "parts"),
        ("file:///nowhere/at/all/parts", DataError, "no place to lie in"),
        ("file:///dev/null/parts", DataError, "cannot be written: Not a directory"),
    ],
)
def test_url_that_leads_nowhere_is_one_line(
    url: str, kind: type[AgeGenderError], says: str
) -> None:
    with pytest.raises(kind, match=says) as refused:
        UrlShelf(url).make()
    assert "\n" not in str(refused.value)


def test_package_that_lacks_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "s3fs", None)
    with pytest.raises(ConfigError, match="Install s3fs"):
        UrlShelf("s3://bucket/parts").make()


def test_password_in_a_url_is_told_nobody() -> None:
    assert str(UrlShelf("sftp://me:secret@host/parts")) == "sftp://host/parts"


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such folders")
def test_url_that_may_not_be_written_is_one_line(tmp_path: Path) -> None:
    if os.geteuid() == 0:
        pytest.skip("root may write everywhere")
    tmp_path.chmod(0o500)
    with pytest.raises(DataError, match="Permission denied"):
        UrlShelf(f"{tmp_path.as_uri()}/parts").make()
