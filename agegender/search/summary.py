"""A study in a few sentences."""

from typing import Any

import pandas as pd

from agegender.config import short_name
from agegender.counts import counted
from agegender.search.result import StudyResult

TOLD_STATES = {"complete": "completed", "pruned": "given up early"}


def summary(result: StudyResult) -> str:
    """Tell how many trials ended how, and what the best one was."""
    states = [*TOLD_STATES, *(one for one in result.states() if one not in TOLD_STATES)]
    counts = [(result.count(state), TOLD_STATES.get(state, state)) for state in states]
    told = ", ".join(f"{count:,} {state}" for count, state in counts if count)
    return (
        f"{counted(len(result.trials), 'trial')}: {told}. Best is trial "
        f"{result.best_number}, {result.best_value:.2f} years off on average, with "
        f"{told_values(result)}."
    )


def told_values(result: StudyResult) -> str:
    """Tell the best trial's settings, by their short names."""
    values = result.best_values.items()
    return ", ".join(f"{short_name(name)} {shown(value)}" for name, value in values)


def shown(value: Any) -> str:
    """Return a setting's value as people read it; empty where it was not drawn."""
    if pd.isna(value):
        return ""
    return f"{value:.4g}" if isinstance(value, float) else str(value)
