"""What became of many photos, in a few numbers."""

import time
from dataclasses import dataclass, field

from agegender.counts import counted
from agegender.predict.faces import PhotoFaces


@dataclass
class Tally:
    """Counts of answers.

    Args:
        before: Photos that an earlier run answered.
        faces: Faces, those of the earlier run included.
        undrawn: Photos of the earlier run that lack the picture asked for now.
    """

    before: int = 0
    faces: int = 0
    photos: int = 0
    faceless: int = 0
    unreadable: int = 0
    first: PhotoFaces | None = None
    undrawn: int = 0
    _begun: float = field(default_factory=time.monotonic)

    @property
    def done(self) -> int:
        """Photos answered, now and before."""
        return self.before + self.photos

    def add(self, answer: PhotoFaces) -> None:
        """Count one answer."""
        self.first = self.first or answer
        self.photos += 1
        self.faces += len(answer.faces)
        self.unreadable += answer.error is not None
        self.faceless += not answer.faces and answer.error is None

    def counts(self) -> dict[str, int]:
        """Return the numbers by name."""
        return {
            "photos": self.photos,
            "before": self.before,
            "faces": self.faces,
            "faceless": self.faceless,
            "unreadable": self.unreadable,
        }

    def text(self, out: str) -> str:
        """Tell the numbers and the speed in one line."""
        speed = self.photos / max(time.monotonic() - self._begun, 1e-9)
        parts = [f"{counted(self.photos, 'photo')}, {speed:,.1f} a second"]
        parts += [f"{self.before:,} answered before"] * bool(self.before)
        parts += [f"{self.undrawn:,} of them without a picture"] * bool(self.undrawn)
        parts += [
            counted(self.faces, "face"),
            f"{self.faceless:,} without a face",
            f"{self.unreadable:,} unreadable",
        ]
        return f"{out}: {'; '.join(parts)}."
