"""Downloads that break off, and go on."""

from pathlib import Path
from typing import Any

import pytest

from agegender.data.download import FILES, Patience, fetch
from agegender.errors import ConfigError, DataError

Mirror = Any  # see conftest
QUICK = Patience(tries=3, first_pause_s=0.001, stall_s=0.3)


def got(mirror: Mirror, folder: Path) -> bool:
    path = fetch(mirror.file, folder, mirror.url, QUICK)
    assert [p.name for p in folder.iterdir()] == [mirror.file.name]
    return bool(path.read_bytes() == mirror.content)


@pytest.mark.parametrize("stalls", [False, True])
def test_cut_or_stalled_download_goes_on_where_it_was(
    mirror: Mirror, tmp_path: Path, stalls: bool
) -> None:
    mirror.cuts, mirror.stalls = [600_000], stalls
    assert got(mirror, tmp_path / "a")
    assert mirror.asked[0] is None
    assert int((mirror.asked[1] or "")[6:-1]) > 0


def test_server_that_ignores_ranges_is_read_from_zero(
    mirror: Mirror, tmp_path: Path
) -> None:
    mirror.cuts, mirror.ranges = [600_000], False
    assert got(mirror, tmp_path / "a")


def test_busy_server_is_asked_again_when_it_said(
    mirror: Mirror, tmp_path: Path
) -> None:
    mirror.busy = [{"Retry-After": "7"}]
    pauses: list[float] = []
    fetch(mirror.file, tmp_path / "a", mirror.url, QUICK, sleep=pauses.append)
    assert pauses == [7.0]


def test_part_is_kept_for_the_next_call_when_given_up(
    mirror: Mirror, tmp_path: Path
) -> None:
    mirror.cuts = [600_000, 0, 0, 0]
    with pytest.raises(DataError, match="Call again to go on"):
        fetch(mirror.file, tmp_path / "a", mirror.url, QUICK)
    assert got(mirror, tmp_path / "a")


def test_file_that_changed_between_tries_is_begun_anew(
    mirror: Mirror, tmp_path: Path
) -> None:
    genuine = mirror.content
    mirror.cuts, mirror.content = [600_000, 0, 0], b"x" * len(genuine)
    with pytest.raises(DataError):
        fetch(mirror.file, tmp_path / "a", mirror.url, QUICK)
    mirror.cuts, mirror.content, mirror.etag = [], genuine, '"2"'
    assert got(mirror, tmp_path / "a")


def test_wrong_file_is_refused_and_removed(mirror: Mirror, tmp_path: Path) -> None:
    mirror.content = b"something else"
    with pytest.raises(DataError, match="not the published file"):
        fetch(mirror.file, tmp_path / "a", mirror.url, QUICK)
    assert list((tmp_path / "a").iterdir()) == []


def test_genuine_file_that_is_there_is_not_fetched(
    mirror: Mirror, tmp_path: Path
) -> None:
    there = tmp_path / mirror.file.name
    there.write_bytes(mirror.content)
    assert fetch(mirror.file, tmp_path, mirror.url) == there
    assert mirror.asked == []


def test_mirror_must_be_on_the_web(mirror: Mirror, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="file:///etc"):
        fetch(mirror.file, tmp_path, "file:///etc")
    with pytest.raises(ConfigError, match="'ftp://host/wiki'"):  # no password is told
        fetch(mirror.file, tmp_path, "ftp://me:mine@host/wiki")


@pytest.mark.parametrize("host", ["a..b", f"{'a' * 70}.org"])
def test_host_that_cannot_be_is_one_line(host: str, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="cannot be fetched") as told:
        fetch(FILES["wiki"], tmp_path, f"http://{host}/static", QUICK)
    assert "\n" not in str(told.value)
