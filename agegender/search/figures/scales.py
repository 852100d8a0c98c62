"""How the values of a setting stand on an axis: evenly, by their logarithm, by name."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd
from matplotlib.ticker import EngFormatter, LogLocator, MaxNLocator
from numpy.typing import NDArray

from agegender.config import short_name
from agegender.search.result import StudyResult

MANY_TIMES = 30.0
"""A range whose ends differ by more stands on a log scale."""

MANY = 10_000
"""A number that is told in thousands, millions and so on."""

COSTS = {
    "parameters": "parameters",
    "flops": "FLOP of a face",
    "latency": "ms of a face, one core",
}
"""What `search.cost` names, as an axis is called."""

MOST_TICKS = 6
LEAST_GAP = 0.125
"""Share of an axis between two whole numbers that can both be written there."""

DECADE_TICKS = (1.0, 2.0, 5.0)
FEW_DECADES = 3.0
"""A log scale of more has ticks at powers of ten alone."""


@dataclass(frozen=True)
class Scale:
    """An axis for the values of one setting, or of the error.

    Args:
        label: What it is called.
        kind: `log`, `whole` and `even` take numbers, `names` whatever is chosen.
        low: Where the axis begins, in places.
        high: Where it ends.
        names: The choices in order, for `names`.
        wholes: The numbers that were drawn, for `whole`, where all can be written.
    """

    label: str
    kind: Literal["even", "whole", "log", "names"]
    low: float
    high: float
    names: tuple[str, ...] = ()
    wholes: tuple[float, ...] = ()

    @classmethod
    def of(cls, label: str, values: "pd.Series[Any]") -> "Scale":
        """Choose the scale that suits values; missing ones are passed over."""
        known = values.dropna()
        if known.dtype == object:
            known = known.infer_objects()
        if known.dtype == bool or not pd.api.types.is_numeric_dtype(known):
            # An axis of names would depend on which comes first: sort them.
            names = tuple(sorted(known.astype(str).unique()))
            return cls(label, "names", 0.0, max(1.0, len(names) - 1.0), names)
        low, high = float(known.min()), float(known.max())
        if low > 0.0 and high / low > MANY_TIMES:
            return cls(label, "log", np.log10(low), np.log10(high))
        is_whole = bool((known == known.round()).all())
        if low == high:
            room = 0.5 if is_whole else abs(low) / 2.0
            low, high = low - room, high + room
        if is_whole:
            return cls(label, "whole", low, high, wholes=_written_out(known))
        return cls(label, "even", low, high)

    def places(self, values: "pd.Series[Any]") -> NDArray[np.float64]:
        """Return where values stand; NaN where they are missing."""
        match self.kind:
            case "names":
                order = {name: float(index) for index, name in enumerate(self.names)}
                told = values.astype(str).where(values.notna())
                return np.asarray(told.map(order), np.float64)
            case "log":
                return np.asarray(np.log10(values.astype(np.float64)), np.float64)
            case _:
                return np.asarray(values, np.float64)

    def heights(self, values: "pd.Series[Any]") -> NDArray[np.float64]:
        """Return how far up an upright axis values stand, 0 to 1."""
        return (self.places(values) - self.low) / (self.high - self.low)

    def ends(self) -> tuple[float, float]:
        """Return where a level axis begins and ends, with room at both."""
        room = 0.06 * (self.high - self.low)
        return self.low - room, self.high + room

    def marks(self) -> list[tuple[float, str]]:
        """Return the ticks of an upright axis, by how far up they stand."""
        length = self.high - self.low
        return [((place - self.low) / length, text) for place, text in self.ticks()]

    def ticks(self) -> list[tuple[float, str]]:
        """Return a few places within the axis, and what is written there."""
        match self.kind:
            case "names":
                return [(float(place), name) for place, name in enumerate(self.names)]
            case "log":
                ends = (10.0**self.low, 10.0**self.high)
                if self.high - self.low > FEW_DECADES:
                    powers = LogLocator(numticks=MOST_TICKS)
                else:
                    powers = LogLocator(subs=DECADE_TICKS)
                numbers = powers.tick_values(*ends)
                return self._within(
                    [(float(np.log10(x)), _written(x)) for x in numbers]
                )
            case "whole" if self.wholes:
                return [(number, _written(number)) for number in self.wholes]
            case _:
                locator = MaxNLocator(MOST_TICKS, integer=self.kind == "whole")
                numbers = locator.tick_values(self.low, self.high)
                return self._within(zip(numbers, map(_written, numbers), strict=True))

    def _within(self, ticks: Iterable[tuple[float, str]]) -> list[tuple[float, str]]:
        room = 1e-9 * (self.high - self.low)
        low, high = self.low - room, self.high + room
        return [(float(place), text) for place, text in ticks if low <= place <= high]


def cost_scale(result: StudyResult) -> Scale:
    """Return a scale for what the networks of a study's trials cost."""
    label = COSTS.get(result.cost, result.cost)
    return Scale.of(label, result.trials[result.cost])


def setting_scales(result: StudyResult) -> dict[str, Scale]:
    """Return a scale for each searched setting that any trial with an error had.

    Args:
        result: Of the study.

    Returns:
        Dotted name -> scale, in the order of the space.
    """
    known = result.trials[result.trials["value"].notna()]
    return {
        name: Scale.of(short_name(name), known[name])
        for name in result.settings
        if name in known and known[name].notna().any()
    }


def parallel_scales(result: StudyResult, error: str) -> dict[str, Scale]:
    """Return the scales that stand side by side: settings, any cost, the error.

    Args:
        result: Of the study.
        error: What the error is called.

    Returns:
        Column of the trials -> scale. The error's is that of completed trials: one
        from halfway is no match for one from the end.
    """
    complete = result.trials[result.trials["state"] == "complete"]
    cost = {} if result.cost == "none" else {result.cost: cost_scale(result)}
    return setting_scales(result) | cost | {"value": Scale.of(error, complete["value"])}


def parallel_heights(
    trials: pd.DataFrame, scales: Mapping[str, Scale]
) -> NDArray[np.float64]:
    """Return where trials cross axes, (trials, axes), 0 to 1; NaN where they do not."""
    ended = trials.assign(value=trials["value"].where(trials["state"] == "complete"))
    columns = [scale.heights(ended[name]) for name, scale in scales.items()]
    return np.stack(columns, axis=1)


def _written_out(known: "pd.Series[Any]") -> tuple[float, ...]:
    """Return the numbers that occur, unless they are too long or too close by."""
    numbers = np.unique(known.astype(np.float64))
    gaps = np.diff(numbers)
    is_close = bool((gaps < LEAST_GAP * gaps.sum()).any())
    return () if is_close or numbers[-1] >= MANY else tuple(numbers.tolist())


def _written(number: float) -> str:
    """Return a number as it stands at a tick: 0.05, 200, 20k, 5M."""
    return EngFormatter(sep="")(number) if number >= MANY else f"{number:g}"
