"""A file of answers that a killed command goes on with.

Each photo's lines are written at once, behind those before it. What was asked, of
which model, stands beside them in `NAME.settings.json`: a file is gone on with by
the same question alone. Parquet cannot grow, so its rows gather in a CSV beside it.
"""

import json
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, Literal

from agegender.errors import ConfigError, DataError
from agegender.lock import only_writer
from agegender.predict.faces import PhotoFaces
from agegender.predict.lines import Csv, JsonLines, Kept, Lines

LineFormat = Literal["jsonl", "csv", "parquet"]
"""What can be written photo by photo."""

LINES: dict[str, type[Lines]] = {"jsonl": JsonLines, "csv": Csv, "parquet": Csv}


class AnswerFile:
    """An open file of answers; made by `going_on`.

    Args:
        file: Open for appending, cut off behind its last whole photo.
        lines: How an answer is written.
        model: Name of the model that answers.
        done: Names of the photos that the file tells of already.
        faces: Faces that it tells of already.
    """

    def __init__(
        self, file: IO[bytes], lines: Lines, model: str, done: set[str], faces: int
    ) -> None:
        self._file = file
        self._lines = lines
        self._model = model
        self.done = done
        self.faces = faces

    def add(self, answer: PhotoFaces) -> None:
        """Write one photo's lines.

        Raises:
            DataError: If the disk is full or gone.
        """
        try:
            self._file.write(self._lines.text(answer, self._model).encode())
            self._file.flush()
        except OSError as error:
            raise _unwritable(Path(self._file.name), error) from error


@contextmanager
def going_on(
    path: Path,
    form: LineFormat,
    model: str,
    settings: Mapping[str, Any],
    asked: Collection[str],
) -> Iterator[AnswerFile]:
    """Open a file of answers, a new one or one to go on with.

    Args:
        path: Its name; its folder is made. With parquet, the file is there once the
            block has ended well.
        form: How answers are written.
        model: Name of the model that answers.
        settings: Plain values that decide what is answered.
        asked: Names of the photos that are asked about.

    Yields:
        Where answers go.

    Raises:
        ConfigError: If the file was begun by other settings.
        DataError: If it holds something else, is being written, or cannot be.
    """
    require_file(path)
    lines = LINES[form]()
    rows = path.with_name(f".{path.name}.rows.csv") if form == "parquet" else path
    with only_writer(path):
        try:
            _require_same(path, rows, dict(settings) | {"format": form})
            done, faces = _finished(path) if form == "parquet" else (set(), 0)
            with _open_at_end(rows, lines, done, asked) as (file, kept):
                told, faces = done | kept.photos, faces + kept.faces
                yield AnswerFile(file, lines, model, told, faces)
            if form == "parquet":
                from agegender.predict.parquet import gather  # noqa: PLC0415

                gather(rows, path)
        except OSError as error:
            raise _unwritable(path, error) from error


def require_file(path: Path) -> None:
    """Raise `DataError` where something other than a file has that name."""
    if path.exists() and not path.is_file():
        raise DataError(
            f"{path} is no file. Name one, or leave --out away to see the answers."
        )


def settings_file(path: Path) -> Path:
    """Return where it is kept how a file of answers was asked for."""
    return path.with_name(f"{path.name}.settings.json")


def _finished(path: Path) -> tuple[set[str], int]:
    if not _holds_something(path):
        return set(), 0
    from agegender.predict.parquet import told_of  # noqa: PLC0415 - not for others

    return told_of(path)


@contextmanager
def _open_at_end(
    rows: Path, lines: Lines, elsewhere: set[str], asked: Collection[str]
) -> Iterator[tuple[IO[bytes], Kept]]:
    """Open behind what stands; begin anew where all is kept elsewhere."""
    kept = nothing = Kept(0, set(), 0)
    if _holds_something(rows):
        kept = lines.kept(rows, asked)
    if kept.photos & elsewhere:
        # Killed between the Parquet file's last byte and the rows' removal.
        kept = nothing
    with rows.open("ab") as file:
        file.truncate(kept.end)
        if kept.end == 0:
            file.write(lines.heading.encode())
            file.flush()
        yield file, kept


def _require_same(path: Path, rows: Path, settings: dict[str, Any]) -> None:
    """Write the settings down, or compare with those written down."""
    kept = settings_file(path)
    if not (_holds_something(path) or _holds_something(rows)):
        part = kept.with_name(f".{kept.name}.part")
        part.write_text(json.dumps(settings, indent=2) + "\n", "utf-8")
        part.replace(kept)
        return
    before = _settings(kept, path)
    differing = [name for name in settings if settings[name] != before.get(name)]
    if differing:
        told = "; ".join(f"{n}: {before.get(n)}, now {settings[n]}" for n in differing)
        raise ConfigError(
            f"{path} was begun by other settings ({told}). Name another --out, or "
            f"remove it."
        )


def _settings(kept: Path, path: Path) -> dict[str, Any]:
    try:
        settings = json.loads(kept.read_text("utf-8"))
    except FileNotFoundError as error:
        raise DataError(
            f"{path} is there, and {kept.name} is not, which tells how it was made. "
            "Name another --out, or remove it."
        ) from error
    except ValueError:
        settings = None
    if not isinstance(settings, dict):
        raise DataError(f"{kept} is damaged. Remove it and {path}.")
    return settings


def _holds_something(path: Path) -> bool:
    return path.exists() and path.stat().st_size > 0


def _unwritable(path: Path, error: OSError) -> DataError:
    return DataError(
        f"{path} cannot be written: {error.strerror or error}. Mend that and give the "
        "same command again: it goes on."
    )
