"""One model beside another on the very same faces, with a plain verdict."""

import numpy as np
import pandas as pd

from agegender.evaluate.answers import Answers
from agegender.evaluate.bootstrap import Resampling
from agegender.evaluate.compare import compare_answers
from agegender.evaluate.sections import Section


def versus(answers: Answers, others: Answers, name: str, drawn: Resampling) -> Section:
    """Compare two models face by face.

    Args:
        answers: Of the model that the report is about, to n faces.
        others: Of the other model, to the same faces.
        name: Of the other model.
        drawn: How intervals are drawn.

    Returns:
        A section with one row: `against`, `faces`, `surely_better` (the verdict, true
        or false), and this model less the other in `mean_absolute_error` (years, below
        0 is better) and `gender_accuracy` (share, above 0 is better; NaN where no
        gender is known), with `_low` and `_high`.
    """
    told = compare_answers(
        answers,
        others,
        resamples=drawn.resamples,
        seed=drawn.seed,
        # One-sided: an interval for 95 % leaves 2.5 % on either side.
        confidence=(1.0 + drawn.level) / 2.0,
    )
    verdict = "Surely better" if told.better else "Not surely better"
    row = {
        "against": name,
        "faces": len(answers),
        "surely_better": bool(told.better),
        "mean_absolute_error": told.difference,
        "mean_absolute_error_low": told.low,
        "mean_absolute_error_high": told.high,
        "gender_accuracy": _number(told.gender_difference),
        "gender_accuracy_low": _number(told.gender_low),
        "gender_accuracy_high": _number(told.gender_high),
    }
    return Section(
        f"Against {name}, on the same faces",
        f"{verdict}: {told.reason}. Differences are this model's figures less the "
        "other's, face by face, over people.",
        pd.DataFrame([row]),
        {
            "against": "text",
            "faces": "count",
            "mean_absolute_error": "years",
            "gender_accuracy": "share",
        },
        pd.Series([True]),
    )


def _number(value: float | None) -> float:
    return np.nan if value is None else value
