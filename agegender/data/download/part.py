"""The unfinished file, and which version of which file it is the beginning of."""

import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Self

AT_ONCE = 2**18
"""Bytes handled in one piece."""


@dataclass(frozen=True)
class Origin:
    """Where a part came from.

    Args:
        url: As asked for.
        etag: The version, as the server names it.
        modified: The version's date, as the server writes it.
        total: Bytes of the whole file.
    """

    url: str
    etag: str | None = None
    modified: str | None = None
    total: int | None = None

    def may_continue(self, other: Self) -> bool:
        """Tell whether the other may be the same file, as far as is known."""
        pairs: list[tuple[str | int | None, str | int | None]] = [
            (self.total, other.total)
        ]
        if self.url == other.url:  # two servers name versions as they like
            pairs += [(self.etag, other.etag), (self.modified, other.modified)]
        return all(a == b or a is None or b is None for a, b in pairs)

    @property
    def is_sound(self) -> bool:
        """Tell whether all is of the right type, as a damaged note's may not be."""
        texts = (self.url, self.etag or "", self.modified or "")
        return all(isinstance(text, str) for text in texts) and isinstance(
            self.total, int | None
        )

    @property
    def condition(self) -> str | None:
        """What a server compares before it continues the file."""
        if self.etag is not None and not self.etag.startswith("W/"):
            return self.etag
        return self.modified


class Part:
    """NAME.part, and NAME.part.json, which holds its origin.

    Args:
        target: Where the finished file shall be.
    """

    def __init__(self, target: Path) -> None:
        self.target = target
        self.path = target.with_name(f"{target.name}.part")
        self._note = target.with_name(f"{target.name}.part.json")

    @property
    def size(self) -> int:
        """Bytes there are."""
        return self.path.stat().st_size if self.path.exists() else 0

    @property
    def origin(self) -> Origin | None:
        """Where the part came from; None if nobody knows."""
        try:
            noted: dict[str, Any] = json.loads(self._note.read_text("utf-8"))
            origin = Origin(**noted)
        except (FileNotFoundError, ValueError, TypeError):
            return None
        return origin if origin.is_sound else None

    @property
    def total(self) -> int | None:
        """Bytes there shall be; None if nobody knows."""
        origin = self.origin
        return None if origin is None else origin.total

    def begin(self, origin: Origin) -> None:
        """Empty the part and note where its bytes will come from."""
        self.clear()
        self.note(origin)

    def note(self, origin: Origin) -> None:
        """Note where the bytes come from."""
        self._note.write_text(json.dumps(asdict(origin)), "utf-8")

    def clear(self) -> None:
        """Remove the part and its note."""
        self.path.unlink(missing_ok=True)
        self._note.unlink(missing_ok=True)

    def finish(self) -> None:
        """Give the file its name, once its bytes are on the disk."""
        with self.path.open("rb+") as file:
            os.fsync(file.fileno())
        self.path.replace(self.target)
        self._note.unlink(missing_ok=True)
