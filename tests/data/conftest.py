"""Small archives in the exact layout of the real ones, made of noise."""

import io
import sys
import tarfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from scipy.io import savemat

from agegender.data.prepare import prepare

sys.path.insert(0, str(Path(__file__).parent))
from counting import PEOPLE, PHOTOS_EACH

DATENUM_1980 = 723_181  # 1 January 1980


@dataclass(frozen=True)
class Maker:
    """Makes pictures, metadata and archives."""

    folder: Path

    def jpeg(self, seed: int, side: int = 40) -> bytes:
        """Return a picture that differs with the seed."""
        noise = np.random.default_rng(seed).integers(0, 256, (6, 6, 3), dtype=np.uint8)
        picture = Image.fromarray(noise).resize((side, side), Image.Resampling.BICUBIC)
        return self.encoded(picture)

    def encoded(
        self, picture: Image.Image, form: str = "JPEG", **options: Any
    ) -> bytes:
        """Encode a picture."""
        file = io.BytesIO()
        picture.save(file, form, **options)
        return file.getvalue()

    def blank(self) -> bytes:
        """Return a picture that shows nothing."""
        return self.encoded(Image.new("RGB", (40, 40), (90, 100, 110)))

    def metadata(self, name: str, paths: Sequence[str], **columns: Any) -> bytes:
        """Return a metadata file: thirty-year-old women with one good face."""
        count = len(paths)
        fields: dict[str, Any] = {
            "dob": np.full(count, DATENUM_1980, dtype=np.int32),
            "photo_taken": np.full(count, 2010, dtype=np.uint16),
            "full_path": np.array(paths, dtype=object),
            "gender": np.zeros(count),
            "name": np.array([f"Person {n}" for n in range(count)], dtype=object),
            "face_score": np.full(count, 3.0),
            "second_face_score": np.full(count, np.nan),
        }
        fields.update({key: np.asarray(value) for key, value in columns.items()})
        file = io.BytesIO()
        rows = {key: value.reshape(1, -1) for key, value in fields.items()}
        savemat(file, {name: rows}, do_compression=True)
        return file.getvalue()

    def tar(self, files: Mapping[str, bytes], name: str = "faces.tar") -> Path:
        """Pack files; a name that ends in gz is compressed."""
        path = self.folder / name
        with tarfile.open(path, "w:gz" if name.endswith("gz") else "w") as tar:
            for member, content in files.items():
                entry = tarfile.TarInfo(member)
                entry.size = len(content)
                tar.addfile(entry, io.BytesIO(content))
        return path

    def unpacked(self, files: Mapping[str, bytes], name: str = "faces") -> Path:
        """Write files to a folder."""
        root = self.folder / name
        for member, content in files.items():
            path = root / member
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        return root

    def wiki(self, people: int = 20, **columns: Any) -> dict[str, bytes]:
        """Return WIKI's files: one photo a person."""
        names = [f"{n % 10:02d}/{1000 + n}_1980-01-01_2010.jpg" for n in range(people)]
        files = {f"wiki_crop/{name}": self.jpeg(n) for n, name in enumerate(names)}
        files["wiki_crop/wiki.mat"] = self.metadata("wiki", names, **columns)
        return files

    def imdb(self, people: int = 12, photos: int = 3) -> dict[str, bytes]:
        """Return IMDB's files: several photos of each person."""
        names = [
            f"{person % 10:02d}/nm{person:07d}_rm{photo}_1980-1-1_2010.jpg"
            for person in range(people)
            for photo in range(photos)
        ]
        files = {f"imdb_crop/{name}": self.jpeg(n) for n, name in enumerate(names)}
        celebrities = np.repeat(np.arange(people), photos) + 1
        files["imdb_crop/imdb.mat"] = self.metadata("imdb", names, celeb_id=celebrities)
        return files

    def imdb_full(
        self, people: int = 6, photos: int = 2, *, two_on_one: bool = False
    ) -> dict[str, bytes]:
        """Return IMDB's whole photos, and where in them the faces are.

        Each photo is of 80 x 60 px and one colour but for its face, which fills the
        columns 20 to 39 and the rows 10 to 29, counted from 0.
        """
        names = [
            f"{person % 10:02d}/nm{person:07d}_rm{photo}_1980-1-1_2010.jpg"
            for person in range(people)
            for photo in range(photos)
        ]
        files = {}
        for number, name in enumerate(names):
            photo = np.full((60, 80, 3), 40, np.uint8)
            noise = np.random.default_rng(number).integers(60, 256, (4, 4, 3))
            photo[10:30, 20:40] = noise.repeat(5, axis=0).repeat(5, axis=1)
            files[f"imdb/{name}"] = self.encoded(Image.fromarray(photo), "PNG")
        boxes = np.empty(len(names), dtype=object)
        # Columns and rows from 1, the last ones included, as MATLAB counts.
        for number in range(len(names)):
            boxes[number] = np.array([[21.0, 11.0, 40.0, 30.0]])
        if two_on_one:
            names[1], boxes[1] = names[0], np.array([[1.0, 1.0, 30.0, 30.0]])
        files["imdb/imdb.mat"] = self.metadata("imdb", names, face_location=boxes)
        return files

    def utkface(self, faces: int = 20) -> dict[str, bytes]:
        """Return UTKFace's files: ages 20, 21 ..., men and women in turn."""
        return {
            f"UTKFace/{20 + n}_{n % 2}_{n % 5}_{20170101000000000 + n}.jpg.chip.jpg": (
                self.jpeg(n)
            )
            for n in range(faces)
        }

    def database(
        self,
        faces: int = 10,
        size: int = 16,
        name: str = "imdb_db.mat",
        *,
        packed: bool = False,
        **changed: Any,
    ) -> Path:
        """Save the original experiment's database the way its program does."""
        rng = np.random.default_rng(faces)
        variables: dict[str, Any] = {
            "image": rng.integers(0, 256, (faces, size, size, 3), dtype=np.uint8),
            "gender": np.arange(faces) % 2,
            "age": 20 + np.arange(faces) % 60,
            "db": "imdb",
            "img_size": size,
            "min_score": 1.0,
        }
        kept = {k: v for k, v in {**variables, **changed}.items() if v is not None}
        path = self.folder / name
        savemat(path, kept, do_compression=packed)
        return path


@pytest.fixture
def maker(tmp_path: Path) -> Maker:
    """Return a maker that works in the test's folder."""
    return Maker(tmp_path)


@pytest.fixture(scope="module")
def drawn_maker(tmp_path_factory: pytest.TempPathFactory) -> Maker:
    """Return a maker whose archives serve all tests of a module."""
    return Maker(tmp_path_factory.mktemp("drawn"))


@pytest.fixture(scope="module")
def drawn(drawn_maker: Maker) -> tuple[Path, str]:
    """Return an archive of several chunks, and the content hash of its store."""
    archive = drawn_maker.tar(drawn_maker.imdb(PEOPLE, PHOTOS_EACH))
    whole = prepare("imdb", archive.parent / "whole", archive=archive, size=16)
    return archive, whole.manifest.content_hash
