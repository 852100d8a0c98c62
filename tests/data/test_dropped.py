"""Pictures of the photos that each rule dropped."""

from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from agegender.config import CropRule
from agegender.data import tarball
from agegender.data.dropped import A_RULE, EXAMPLES, Examples, read_examples
from agegender.data.faces import decode_face
from agegender.data.prepare import prepare
from agegender.data.rows_file import read_rows
from agegender.data.store import FaceStore
from agegender.errors import DataError

READ = 60


@pytest.fixture
def files(maker: Any) -> dict[str, bytes]:
    """Return WIKI's files: 30 rows without a face, 5 weak, 2 spoilt, 23 good."""
    scores = [-np.inf] * 30 + [0.5] * 5 + [3.0] * (READ - 35)
    found: dict[str, bytes] = maker.wiki(READ, face_score=scores)
    photos = [name for name in found if name.endswith("jpg")]
    found[photos[40]] = b"no picture"
    found[photos[41]] = maker.blank()
    del found[photos[30]]  # one of the weak faces
    return found


def examples_of(store: FaceStore) -> Examples:
    examples = read_examples(store.path)
    assert examples is not None
    return examples


def test_a_dozen_of_each_rule_is_kept_where_it_can_be_read(
    maker: Any, tmp_path: Path, files: dict[str, bytes]
) -> None:
    store = prepare("wiki", tmp_path / "store", archive=maker.tar(files), size=16)
    counts = Counter(examples_of(store).rules.tolist())
    assert counts == {"no_face": A_RULE, "weak_face": 4, "blank": 1}


def test_each_picture_is_that_of_its_row(
    maker: Any, tmp_path: Path, files: dict[str, bytes]
) -> None:
    store = prepare("wiki", tmp_path / "store", archive=maker.tar(files), size=16)
    examples, rows = examples_of(store), read_rows(store.path)
    assert rows is not None
    for row, rule, face in zip(*examples, strict=True):
        assert rows["rule"][row] == rule
        photo = files["wiki_crop/" + rows["id"][row]]
        assert np.array_equal(face, decode_face(photo, None, CropRule(size=16)))


def test_container_and_interruption_change_no_picture(
    maker: Any, tmp_path: Path, files: dict[str, bytes]
) -> None:
    kept = []
    for name in ("faces.tar", "faces.tar.gz"):
        archive, out = maker.tar(files, name), tmp_path / name[6:]

        def interrupt(done: int, total: int, what: str) -> None:
            raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            prepare("wiki", out, archive=archive, size=16, progress=interrupt)
        prepare("wiki", out, archive=archive, size=16)
        kept.append((out / EXAMPLES).read_bytes())
    assert kept[0] == kept[1]


def test_compressed_archive_is_read_at_most_once_more(
    maker: Any,
    tmp_path: Path,
    files: dict[str, bytes],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    passes = []
    entries = tarball._entries
    monkeypatch.setattr(
        tarball, "_entries", lambda *given: passes.append(given) or entries(*given)
    )
    clean = maker.tar(maker.wiki(READ), "a.tar.gz")
    prepare("wiki", tmp_path / "a", archive=clean, size=16)
    needed = len(passes)
    prepare("wiki", tmp_path / "b", archive=maker.tar(files, "b.tar.gz"), size=16)
    assert len(passes) - needed == needed + 1
    assert not (tmp_path / "a" / EXAMPLES).exists()


def test_archive_that_goes_bad_spoils_no_store(
    maker: Any,
    tmp_path: Path,
    files: dict[str, bytes],
    caplog: pytest.LogCaptureFixture,
) -> None:
    archive = maker.tar(files, "faces.tar.gz")
    whole = prepare("wiki", tmp_path / "whole", archive=archive, size=16)

    def cut(done: int, total: int, what: str) -> None:
        if what == "photos" and done == total:
            archive.write_bytes(archive.read_bytes()[:200])

    store = prepare("wiki", tmp_path / "store", archive=archive, size=16, progress=cut)
    assert store.manifest.content_hash == whole.manifest.content_hash
    assert "not all kept" in caplog.text


def test_damaged_pictures_are_one_line(tmp_path: Path) -> None:
    (tmp_path / EXAMPLES).write_bytes(b"PK nothing")
    with pytest.raises(DataError, match="damaged"):
        read_examples(tmp_path)
    objects = np.array([{"evil": 1}], dtype=object)
    np.savez(tmp_path / EXAMPLES, rows=objects, rules=objects, faces=objects)
    with pytest.raises(DataError, match="damaged"):
        read_examples(tmp_path)
