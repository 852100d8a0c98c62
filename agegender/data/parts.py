"""Decoded chunks on disk, until it is known which row of the store each face is.

A part is a file by its number, so that work which was interrupted, or done by many
machines, can be joined as if it had been done at once.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from agegender.data.decode import Part

_FACES: Final = "{:06d}.npy"


class Parts:
    """The parts of a store in the making.

    Args:
        folder: Where they lie; made if absent.
    """

    def __init__(self, folder: Path) -> None:
        folder.mkdir(exist_ok=True)
        self._folder = folder
        self._outcomes: list[pd.DataFrame] = []

    def add(self, part: Part) -> None:
        """Keep the faces on disk and the outcomes in memory."""
        number = len(self._outcomes)
        np.save(self._folder / _FACES.format(number), part.faces, allow_pickle=False)
        columns = {"reason": list(part.reasons), "digest": list(part.digests)}
        table = pd.DataFrame(columns, index=part.positions, dtype="str")
        self._outcomes.append(table.assign(part=number))

    def outcomes(self) -> pd.DataFrame:
        """Return `reason` and `digest` by position, in the order of positions."""
        if not self._outcomes:
            return pd.DataFrame({"reason": [], "digest": []}, dtype="str")
        return pd.concat(self._outcomes)[["reason", "digest"]].sort_index()

    def pieces(self) -> Iterator[tuple[NDArray[np.int64], NDArray[np.uint8]]]:
        """Yield row numbers of the store and faces, part by part; each part goes."""
        rows = self._row_numbers()
        for number, table in enumerate(self._outcomes):
            path = self._folder / _FACES.format(number)
            fit = table.index[(table["reason"] == "").to_numpy()]
            yield rows.loc[fit].to_numpy(), np.load(path, allow_pickle=False)
            path.unlink()

    def _row_numbers(self) -> pd.Series:
        outcomes = self.outcomes()
        fit = outcomes.index[(outcomes["reason"] == "").to_numpy()]
        return pd.Series(np.arange(len(fit)), index=fit, dtype="int64")

    def remove(self) -> None:
        """Remove the folder, which `pieces` has emptied."""
        self._folder.rmdir()
