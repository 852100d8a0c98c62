import bz2
import gzip
import hashlib
import io
import lzma
import tarfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from agegender.data.archive import open_archive
from agegender.data.folder import Folder
from agegender.data.listing import CHUNK, MAX_PHOTO_BYTES, Archive
from agegender.errors import ConfigError, DataError
from agegender.progress import BYTES

FILES = {"a/1.jpg": b"one", "a/2.jpg": b"two", "b/3.jpg": b"three", "x.mat": b"meta"}


@pytest.fixture(params=["faces.tar", "faces.tar.gz", "folder"])
def archive(request: pytest.FixtureRequest, maker: Any) -> Archive:
    if request.param == "folder":
        return open_archive(folder=maker.unpacked(FILES))
    return open_archive(maker.tar(FILES, request.param))


def contents(archive: Archive) -> dict[str, bytes | None]:
    members = archive.members
    read: dict[str, bytes | None] = {}
    for chunk in archive.chunks(members):
        names = members["name"].loc[chunk.positions]
        read.update(zip(names, chunk.photos, strict=True))
    return read


def test_every_file_is_listed_with_its_size(archive: Archive) -> None:
    members = archive.members.set_index("name")
    assert members["size"].to_dict() == {n: len(c) for n, c in FILES.items()}
    assert (members["fault"] == "").all()


def test_files_are_read_without_unpacking(archive: Archive, tmp_path: Path) -> None:
    before = sorted(tmp_path.rglob("*"))
    assert contents(archive) == FILES
    assert archive.read("x.mat") == b"meta"
    assert sorted(tmp_path.rglob("*")) == before


def test_one_file_wanted_twice_is_handed_out_twice(archive: Archive) -> None:
    wanted = archive.members.iloc[[1, 0, 1]].reset_index(drop=True)
    photos = {}
    for chunk in archive.chunks(wanted):
        photos.update(zip(chunk.positions.tolist(), chunk.photos, strict=True))
    expected = {row: FILES[name] for row, name in wanted["name"].items()}
    assert photos == expected


def test_absent_member_is_named(archive: Archive) -> None:
    with pytest.raises(DataError, match=r"holds no readable file no\.mat"):
        archive.read("no.mat")


def test_digest_follows_the_content(archive: Archive, maker: Any) -> None:
    other = open_archive(maker.tar({**FILES, "new.jpg": b"4"}, "other.tar"))
    assert archive.digest().startswith("sha256:")
    assert archive.digest() != other.digest()


def test_archive_is_digested_once_and_tells_its_bytes(maker: Any) -> None:
    path = maker.tar({"a.jpg": b"1"})
    archive, size = open_archive(path), path.stat().st_size
    told: list[tuple[int, int, str]] = []
    first = archive.digest(lambda *what: told.append(what))
    assert first == f"sha256:{hashlib.sha256(path.read_bytes()).hexdigest()}"
    assert told == [(size, size, f"digesting {path.name} {BYTES}")]
    path.unlink()
    assert archive.digest() == first


def test_archive_that_has_gone_is_one_line(maker: Any) -> None:
    archive = open_archive(maker.tar({"a.jpg": b"1"}))
    archive.path.unlink()
    with pytest.raises(DataError, match=r"faces\.tar cannot be read: No such file"):
        archive.digest()


def test_large_archives_come_in_chunks(maker: Any) -> None:
    files = {f"{n:04d}.jpg": b"%d" % n for n in range(2 * CHUNK + 5)}
    for archive in (
        open_archive(maker.tar(files)),
        open_archive(maker.tar(files, "faces.tgz")),
    ):
        sizes = [len(c.positions) for c in archive.chunks(archive.members)]
        assert sizes == [CHUNK, CHUNK, 5]
        assert contents(archive) == files


def entry(name: str, kind: bytes = tarfile.REGTYPE, size: int = 0) -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.type, info.size, info.linkname = kind, size, "/etc/passwd"
    return info


@pytest.mark.parametrize("mode", ["w", "w:gz"])
def test_hostile_members_are_listed_with_their_fault_and_never_read(
    mode: Any, tmp_path: Path
) -> None:
    path = tmp_path / "hostile.tar"
    with tarfile.open(path, mode) as tar:
        for name in ("/etc/passwd", "../up.jpg", "a/../../up.jpg", "a\\b.jpg", "C:x"):
            tar.addfile(entry(name))
        tar.addfile(entry("link.jpg", tarfile.SYMTYPE))
        tar.addfile(entry("hard.jpg", tarfile.LNKTYPE))
        tar.addfile(entry("tty", tarfile.CHRTYPE))
        tar.addfile(entry("folder", tarfile.DIRTYPE))
        tar.addfile(entry("./twice.jpg"))
        tar.addfile(entry("twice.jpg"))
    archive = open_archive(path)
    faults = archive.members["fault"].tolist()
    assert faults == ["unsafe_path"] * 5 + ["not_a_file"] * 3 + ["repeated_name", ""]
    for name in ("/etc/passwd", "../up.jpg", "link.jpg"):
        with pytest.raises(DataError, match="holds no readable file"):
            archive.read(name)


def test_file_too_large_for_a_photo_is_a_fault(tmp_path: Path) -> None:
    path = tmp_path / "large.tar"
    with path.open("wb") as file:
        file.write(entry("big.jpg", size=MAX_PHOTO_BYTES + 1).tobuf())
        file.seek(MAX_PHOTO_BYTES + 1024, io.SEEK_CUR)
        file.write(bytes(1024))
    assert open_archive(path).members["fault"].tolist() == ["too_large"]


def test_links_in_a_folder_are_not_followed(maker: Any, tmp_path: Path) -> None:
    root = maker.unpacked(FILES)
    secret = tmp_path / "secret.jpg"
    secret.write_bytes(b"secret")
    try:
        (root / "link.jpg").symlink_to(secret)
    except OSError:
        pytest.skip("this system does not let us make links")
    members = open_archive(folder=root).members.set_index("name")
    assert members.loc["link.jpg", "fault"] == "not_a_file"


def test_file_that_vanishes_is_none_among_the_others(maker: Any) -> None:
    root = maker.unpacked(FILES)
    archive = open_archive(folder=root)
    assert len(archive.members) == 4
    (root / "a/2.jpg").unlink()
    assert contents(archive) == {**FILES, "a/2.jpg": None}


def walk_with(name: str) -> Callable[..., Iterator[Any]]:
    """Return an os.walk of one folder that tells of a file which is not in it."""

    def walk(folder: Path, **_: Any) -> Iterator[Any]:
        yield folder, [], [*(path.name for path in folder.iterdir()), name]

    return walk


def test_file_that_vanishes_while_its_folder_is_listed_is_left_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "a.jpg").touch()
    monkeypatch.setattr("os.walk", walk_with("gone.jpg"))
    assert Folder(tmp_path).members["name"].tolist() == ["a.jpg"]


def test_file_that_cannot_be_looked_at_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("os.walk", walk_with("a" * 300))
    with pytest.raises(DataError, match="aaa cannot be listed: File name too long"):
        _ = Folder(tmp_path).members


@pytest.mark.parametrize("content", [b"", b"no archive", b"PK\x03\x04" + bytes(600)])
def test_what_is_not_a_tar_archive_is_refused(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "faces.tar"
    path.write_bytes(content)
    with pytest.raises(DataError, match="is not a tar archive"):
        open_archive(path)


def test_compressed_rubbish_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "faces.tar.gz"
    path.write_bytes(gzip.compress(b"no archive" * 200))
    with pytest.raises(DataError, match="is not a tar archive"):
        open_archive(path)


@pytest.mark.parametrize("name", ["faces.tar", "faces.tar.gz"])
def test_archive_cut_short_is_damaged(name: str, maker: Any) -> None:
    files = {f"{n}.jpg": maker.jpeg(n) for n in range(20)}
    path = maker.tar(files, name)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    with pytest.raises(DataError, match="damaged after its file"):
        _ = open_archive(path).members


def test_absent_input_and_wrong_kind_of_input_are_told_apart(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="cannot be read"):
        open_archive(tmp_path / "no.tar")
    with pytest.raises(DataError, match="is a folder"):
        open_archive(tmp_path)
    with pytest.raises(DataError, match="does not exist"):
        open_archive(folder=tmp_path / "no")
    file = tmp_path / "file"
    file.touch()
    with pytest.raises(DataError, match="is not a folder"):
        open_archive(folder=file)


def test_exactly_one_input_is_wanted(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="neither"):
        open_archive()
    with pytest.raises(ConfigError, match="both"):
        open_archive(tmp_path, tmp_path)


@pytest.mark.parametrize("name", ["faces.tar", "faces.tar.gz"])
@pytest.mark.parametrize("harm", ["flipped", "cut at a header", "cut in a header"])
def test_damaged_header_is_not_the_end_of_the_archive(
    name: str, harm: str, maker: Any, tmp_path: Path
) -> None:
    path = maker.tar({f"{n}.jpg": maker.jpeg(n) for n in range(20)}, "whole.tar")
    with tarfile.open(path) as tar:
        start = tar.getmembers()[10].offset
    harmed = bytearray(path.read_bytes())
    if harm == "flipped":
        harmed[start + 20] ^= 1
    else:
        del harmed[start + 100 * (harm == "cut in a header") :]
    path = tmp_path / name
    path.write_bytes(gzip.compress(harmed) if name.endswith("gz") else harmed)
    with pytest.raises(DataError, match="damaged after its file 10"):
        _ = open_archive(path).members


@pytest.mark.parametrize("kind", [tarfile.PAX_FORMAT, tarfile.GNU_FORMAT])
def test_whole_archive_is_listed_whole(kind: int, tmp_path: Path) -> None:
    path = tmp_path / "faces.tar"
    names = ["short.jpg", "long" * 60 + ".jpg", "Zoë.jpg"]
    with tarfile.open(path, "w", format=kind) as tar:
        for name in names:
            tar.addfile(entry(name))
    # Blocks of zeros are the end, whatever follows them.
    for more in (b"", b"more"):
        path.write_bytes(path.read_bytes() + more)
        assert open_archive(path).members["name"].tolist() == names


def test_names_that_are_no_utf8_are_unsafe(maker: Any, tmp_path: Path) -> None:
    path = tmp_path / "faces.tar"
    with tarfile.open(path, "w") as tar:
        tar.addfile(entry("face\udce9.jpg"))
        tar.addfile(entry("tea.jpg"))
    members = open_archive(path).members
    assert members["fault"].tolist() == ["unsafe_path", ""]
    folder = maker.unpacked({"tea.jpg": b"tea"})
    try:
        Path(folder, "face\udce9.jpg").touch()
    except OSError:
        pytest.skip("this system has no such names")
    archive = open_archive(folder=folder)
    assert sorted(archive.members["fault"]) == ["", "unsafe_path"]
    assert archive.digest().startswith("sha256:")


def test_hidden_files_are_no_photos(maker: Any) -> None:
    files = {**FILES, ".s.parts-0/0.npz": b"part", "a/.1.jpg": b"hidden"}
    archive = open_archive(folder=maker.unpacked(files))
    assert set(archive.members["name"]) == set(FILES)


def test_name_too_long_for_a_file_is_one_line(tmp_path: Path) -> None:
    long = tmp_path / ("a" * 300)
    with pytest.raises(DataError, match="cannot be read: File name too long"):
        open_archive(long)
    with pytest.raises(DataError, match="cannot be looked at: File name too long"):
        open_archive(folder=long)


def about_the_next() -> bytes:
    """Return a note without the entry that it tells of."""
    noted = tarfile.TarInfo("a.jpg")
    noted.pax_headers = {"comment": "more follows"}
    return noted.tobuf(tarfile.PAX_FORMAT)[:-512]


@pytest.mark.parametrize("unpacker", [gzip, bz2, lzma])
def test_archive_that_unpacks_endlessly_is_refused_without_unpacking_it(
    unpacker: Any, tmp_path: Path
) -> None:
    large = entry("large.jpg", size=MAX_PHOTO_BYTES).tobuf()
    once = unpacker.compress(large + bytes(MAX_PHOTO_BYTES))
    path = tmp_path / "faces.tar"
    # Behind what unpacks so well lies much that is never reached.
    path.write_bytes(6 * once + bytes(2**25))
    with pytest.raises(DataError, match=r"after its file [45]: .* unpack to over"):
        _ = open_archive(path).members


@pytest.mark.parametrize("unpacker", [gzip, bz2, lzma])
def test_archive_compressed_in_pieces_is_read_whole(
    unpacker: Any, maker: Any, tmp_path: Path
) -> None:
    whole = maker.tar(FILES, "whole.tar").read_bytes()
    path = tmp_path / "faces.tar"
    path.write_bytes(b"".join(map(unpacker.compress, (whole[:900], whole[900:]))))
    assert contents(open_archive(path)) == FILES


def test_entries_that_lead_back_or_on_without_end_are_refused(tmp_path: Path) -> None:
    back = tarfile.TarInfo("back.jpg")
    back.pax_headers = {"size": "-1536"}
    note = tarfile.TarInfo("././@LongLink")
    note.type, note.size = tarfile.GNUTYPE_LONGNAME, 2**33
    vast = entry("vast.jpg")
    vast.size = 2**40
    sparse = tarfile.TarInfo("sparse.jpg")
    sparse.type = tarfile.GNUTYPE_SPARSE
    begun = bytearray(sparse.tobuf(tarfile.GNU_FORMAT))
    begun[482] = 1  # another block of its map follows
    begun[148:156] = b"%06o\0 " % (sum(begun[:148]) + sum(begun[156:]) + 8 * 32)
    for name, blocks, told in (
        ("a.tar", back.tobuf(tarfile.PAX_FORMAT), "-1536 bytes"),
        ("b.tar", note.tobuf(tarfile.GNU_FORMAT), "names or notes of 85899"),
        ("c.tar.gz", vast.tobuf(tarfile.GNU_FORMAT), "unpacks to"),
        ("d.tar", bytes(begun), "damaged"),
        ("e.tar", bytes(begun) + 2**22 * b"7" + bytes(1024), "names or notes of 1"),
        ("f.tar", 2_000 * about_the_next(), "damaged after its file 1"),
    ):
        whole = entry("1.jpg").tobuf() + blocks + bytes(1024)
        path = tmp_path / name
        path.write_bytes(gzip.compress(whole) if name.endswith("gz") else whole)
        if name == "d.tar":
            path.write_bytes(whole[:-1024])
        with pytest.raises(DataError, match=told):
            _ = open_archive(path).members


def test_matlab_file_of_another_version_is_told_as_such(tmp_path: Path) -> None:
    path = tmp_path / "imdb_db.mat"
    path.write_bytes(bytes(200))
    with pytest.raises(DataError, match=r"MATLAB v5: it lacks the header.*-v7"):
        open_archive(path)
