"""The networks that a training makes use of."""

from typing import NamedTuple

from agegender.train.earlier import EarlierNetwork
from agegender.train.start import Start
from agegender.train.teachers import Teacher


class Lineage(NamedTuple):
    """What a network comes from, beside faces."""

    start: Start | None = None  # whose weights are the first ones
    teachers: tuple[Teacher, ...] = ()  # whose answers are learnt from

    @property
    def networks(self) -> list[EarlierNetwork]:
        """Return all of them."""
        return [*([self.start] if self.start else []), *self.teachers]
