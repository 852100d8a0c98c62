import os
from pathlib import Path

import pytest

from agegender.errors import ConfigError, DataError
from agegender.predict import find_photos


def names(photos: list[str]) -> list[str]:
    return [Path(photo).name for photo in photos]


@pytest.fixture
def album(tmp_path: Path) -> Path:
    names = ["b.JPG", "a.png", "._a.png", "notes.txt", "inner/c.webp", "empty/x.txt"]
    for name in names:
        path = tmp_path / "album" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    return tmp_path / "album"


def test_folder_gives_its_photos_sorted(album: Path) -> None:
    assert names(find_photos([album])) == ["a.png", "b.JPG"]


def test_recursive_search_enters_folders(album: Path) -> None:
    found = find_photos([str(album)], recursive=True)
    assert names(found) == ["a.png", "b.JPG", "c.webp"]


def test_photo_of_this_folder_is_the_one_that_is_named(
    album: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(album)
    found = find_photos([".", "a.png", "./b.JPG", "inner/c.webp"], recursive=True)
    assert found == ["a.png", "b.JPG", str(Path("inner", "c.webp"))]


def test_folder_that_is_filled_is_left_out_unless_it_is_named(album: Path) -> None:
    inner = album / "empty" / ".." / "inner"
    found = find_photos([album], recursive=True, besides=inner)
    assert names(found) == ["a.png", "b.JPG"]
    assert names(find_photos([album / "inner"], besides=inner)) == ["c.webp"]


def test_named_file_is_taken_whatever_its_extension(album: Path) -> None:
    assert find_photos([album / "notes.txt"]) == [str(album / "notes.txt")]


def test_photo_named_twice_is_taken_once_in_the_order_given(album: Path) -> None:
    found = find_photos([album / "b.JPG", album, album / "b.JPG"])
    assert names(found) == ["b.JPG", "a.png"]


def test_missing_path_is_an_error(album: Path) -> None:
    with pytest.raises(DataError, match=r"nowhere\.jpg"):
        find_photos([album, album / "nowhere.jpg"])


def test_folder_without_photos_is_an_error_that_tells_of_recursion(album: Path) -> None:
    with pytest.raises(DataError, match="--recursive"):
        find_photos([album / "empty"])
    with pytest.raises(DataError, match="holds no photo") as refused:
        find_photos([album / "empty"], recursive=True)
    assert "--recursive" not in str(refused.value)


def test_pattern_that_no_shell_expanded_is_expanded_here(album: Path) -> None:
    assert names(find_photos([album / "*.[pJ]*"])) == ["a.png", "b.JPG"]
    assert names(find_photos([str(album / "**" / "*.webp")])) == ["c.webp"]
    with pytest.raises(DataError, match=r"no file fits .*\*\.heic"):
        find_photos([album / "*.heic"])


def test_file_whose_name_looks_like_a_pattern_is_itself(album: Path) -> None:
    (album / "a[1].png").touch()
    (album / "a1.png").touch()
    assert names(find_photos([album / "a[1].png"])) == ["a[1].png"]


def test_list_is_taken_as_it_is_and_in_its_place(album: Path) -> None:
    listed = ["gone.jpg\n", "\n", "with blank.jpg\r\n", "a.txt"]
    found = find_photos([album / "b.JPG", "-", album], listed=listed)
    assert names(found) == ["b.JPG", "gone.jpg", "with blank.jpg", "a.txt", "a.png"]


def test_addresses_are_refused_unless_asked_for() -> None:
    page = "https://example.org/a.jpg"
    with pytest.raises(ConfigError, match="--allow-urls"):
        find_photos([page])
    with pytest.raises(ConfigError, match="--allow-urls"):
        find_photos(["-"], listed=[page])
    assert find_photos([page], allow_urls=True) == [page]


@pytest.mark.parametrize("address", ["file:///etc/passwd", "ftp://host/a.jpg"])
def test_addresses_of_other_kinds_are_never_read(address: str) -> None:
    with pytest.raises(ConfigError, match="only http"):
        find_photos([address], allow_urls=True)


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="root may list all")
def test_folder_that_may_not_be_listed_is_an_error(album: Path) -> None:
    (album / "inner").chmod(0)
    try:
        with pytest.raises(DataError, match="cannot be listed"):
            find_photos([album], recursive=True)
    finally:
        (album / "inner").chmod(0o700)
