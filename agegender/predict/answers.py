"""Answers that come one by one, or all at once as a table."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from agegender.predict.columns import frame_of
from agegender.predict.faces import PhotoFaces

if TYPE_CHECKING:
    import pandas as pd


class Answers(Iterator[PhotoFaces]):
    """One answer a photo, in order, worked out as they are taken.

    Args:
        answers: Where they come from.
        model: Name of the model that answers; empty where it has none.
    """

    def __init__(self, answers: Iterator[PhotoFaces], model: str) -> None:
        self._answers = answers
        self.model = model

    def __next__(self) -> PhotoFaces:
        """Return the next photo's faces."""
        return next(self._answers)

    def to_pandas(self) -> "pd.DataFrame":
        """Take all answers that are left, one row a face.

        Returns:
            The columns of `predict.columns.COLUMNS`; a photo without a face has one
            row, with the reason.
        """
        return frame_of(self, self.model)
