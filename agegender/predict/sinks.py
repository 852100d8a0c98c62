"""Where answers go as they come: a stream, or together when all are there.

A file that can be gone on with is `answer_file.AnswerFile`.
"""

import sys
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from io import TextIOWrapper
from pathlib import Path
from typing import IO, Any, Literal, Protocol

from agegender.config import AnswerFormat
from agegender.errors import ConfigError, DataError
from agegender.lock import only_writer
from agegender.pages.write import write_text
from agegender.predict.answer_file import LINES, going_on, require_file
from agegender.predict.faces import PhotoFaces
from agegender.predict.tables import to_json, to_table
from agegender.terminal import printed


class Sink(Protocol):
    """Takes answers; knows which photos it has from earlier."""

    @property
    def done(self) -> Collection[str]:
        """Names of photos that it has answers of."""
        ...

    @property
    def faces(self) -> int:
        """How many faces these have."""
        ...

    def add(self, answer: PhotoFaces) -> None:
        """Take the next answer."""
        ...


class Stream:
    """Lines to whoever reads, such as a pipe, each photo's as soon as it is answered.

    Args:
        file: Open for text.
        form: How answers are written.
        model: Name of the model that answers.
    """

    done: Collection[str] = ()
    faces = 0

    def __init__(
        self, file: IO[str], form: Literal["jsonl", "csv"], model: str
    ) -> None:
        self._file = file
        self._lines = LINES[form]()
        self._model = model
        self._write(self._lines.heading)

    def add(self, answer: PhotoFaces) -> None:
        """Write one photo's lines.

        Raises:
            DataError: If the disk is full or gone.
        """
        self._write(self._lines.text(answer, self._model))

    def _write(self, text: str) -> None:
        with printed():
            self._file.write(text)
            self._file.flush()


class Together:
    """All answers, to be laid out as one text.

    Args:
        form: How.
        model: Name of the model that answers.
    """

    done: Collection[str] = ()
    faces = 0

    def __init__(self, form: Literal["table", "json"], model: str) -> None:
        self._form = form
        self._model = model
        self.answers: list[PhotoFaces] = []

    def add(self, answer: PhotoFaces) -> None:
        """Keep one answer."""
        self.answers.append(answer)

    def text(self) -> str:
        """Lay all of them out, without a newline at the end."""
        if self._form == "json":
            return to_json(self.answers, self._model)
        return to_table(self.answers)


@contextmanager
def sink_for(
    form: AnswerFormat,
    out: Path | None,
    settings: Mapping[str, Any],
    asked: Collection[str],
) -> Iterator[Sink]:
    """Lend what takes the answers; a file is whole when the block has ended well.

    Args:
        form: How they are written.
        out: File; None for standard output, where a table or a JSON object is left
            to the caller.
        settings: Plain values that decide what is answered, `model` among them.
        asked: Names of the photos that are asked about.

    Raises:
        ConfigError: If Parquet has no file.
        DataError: If there is neither a file nor a standard output.
        AgeGenderError: As `answer_file.going_on` has it.
    """
    model = settings["model"]
    if out is None and form != "table":
        _speak_utf8()
    if form == "table" or form == "json":  # noqa: PLR1714 - narrows the type
        together = Together(form, model)
        if out is None:
            yield together
            return
        require_file(out)
        with only_writer(out):
            yield together
            write_text(together.text() + "\n", out)
    elif out is not None:
        with going_on(out, form, model, settings, asked) as file:
            yield file
    elif form != "parquet":
        yield Stream(sys.stdout, form, model)
    else:
        raise ConfigError("parquet is no text to print: name a file, --out FILE.")


def _speak_utf8() -> None:
    """Write for programs in the one encoding that JSON has and that holds all names."""
    if sys.stdout is None:
        raise DataError("standard output is closed. Name a file: --out FILE.")
    if isinstance(sys.stdout, TextIOWrapper) and not sys.stdout.isatty():
        sys.stdout.reconfigure(encoding="utf-8")
