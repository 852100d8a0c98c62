"""The trials of a study as a table, to be read at a terminal."""

import json

import pandas as pd

from agegender.search.result import StudyResult


def to_table(result: StudyResult) -> str:
    """Lay out all trials, those that none beats, and the best one."""
    data = result.to_dict()
    costs = [] if result.cost == "none" else [result.cost]
    shown = result.trials.sort_values("value")[
        ["number", "state", "value", *costs, "epochs", "seconds", *result.settings]
    ]
    states = ", ".join(f"{n} {state}" for state, n in data["trials"].items())
    best = json.dumps(data["best_values"], default=str)
    return (
        f"{_table(shown)}\n\n"
        f"study {result.study_name}: {states}\n{_front(result, shown)}"
        f"best: trial {result.best_number}, validation MAE "
        f"{result.best_value:.2f} years, {best}"
    )


def _front(result: StudyResult, shown: pd.DataFrame) -> str:
    if not result.front:
        return ""
    numbers = [one.number for one in result.front]
    rows = shown.set_index("number", drop=False).loc[numbers]
    return (
        f"\nnone is both better and cheaper ({result.cost}) than these:\n"
        f"{_table(rows.drop(columns=['state', 'epochs', 'seconds']))}\n\n"
    )


def _table(rows: pd.DataFrame) -> str:
    return rows.to_string(index=False, float_format="%.4g", na_rep="-")
