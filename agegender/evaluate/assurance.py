"""What the model would do at a door that only people of a certain age may pass.

Such a door asks for a document whoever looks younger than a challenge age, some
years above the threshold: with Challenge 25 and a threshold of 18, whoever is taken
for 25 or older passes unasked. A false positive is somebody below the threshold who
passes; a true positive somebody of age who passes without being asked.

Reference: NIST IR 8525 (Face Analysis Technology Evaluation: age estimation), 2024.
"""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from agegender.evaluate.answers import Answers
from agegender.evaluate.bootstrap import Resampling
from agegender.evaluate.groups import ALL
from agegender.evaluate.intervals import FEWEST_PEOPLE
from agegender.evaluate.shares import shares

THRESHOLDS = (18, 21)
"""Ages from which one may pass, in years."""

ABOVE = (0, 2, 4, 7, 10, 12)
"""Years by which challenge ages exceed their threshold: 18 is asked at 25 with 7."""

JUST_UNDER = 4
"""Years below the threshold that count as just under it: 14 to 17 for 18."""

OPERATING_AGES = np.arange(10, 51)
"""Challenge ages along an operating curve."""


def age_assurance(answers: Answers, resampling: Resampling) -> pd.DataFrame:
    """Measure who would pass, by threshold, challenge age and gender.

    Args:
        answers: n faces.
        resampling: How intervals are drawn.

    Returns:
        One row a threshold, challenge age and gender (`all`, `female`, `male`), with
        for each of `false_positive` (those under the threshold), `just_under` (those
        at most 4 years under it) and `true_positive` (those of age) the share who
        pass, its `_low`, `_high` and its `_faces`; no interval below 30 people.
    """
    rows = [
        _passing(answers, gender, threshold, resampling)
        for threshold in THRESHOLDS
        for gender in _genders(answers)
    ]
    return pd.concat(rows, ignore_index=True)


def operating_curve(answers: Answers, threshold: int) -> pd.DataFrame:
    """Return the shares who pass along all challenge ages.

    Args:
        answers: n faces.
        threshold: Age from which one may pass, in years.

    Returns:
        One row a challenge age: `challenge`, `false_positive`, `true_positive`, 0..1;
        NaN where nobody is under, or of, that age.
    """
    passes = answers.guessed_age[:, np.newaxis] >= OPERATING_AGES
    under = answers.age < threshold
    return pd.DataFrame(
        {
            "challenge": OPERATING_AGES,
            "false_positive": _mean(passes[under]),
            "true_positive": _mean(passes[~under]),
        }
    )


def _mean(passes: NDArray[np.bool_]) -> NDArray[np.float64]:
    if len(passes) == 0:
        return np.full(passes.shape[1], np.nan)
    return np.asarray(passes.mean(axis=0), dtype=np.float64)


def _genders(answers: Answers) -> dict[str, NDArray[np.bool_]]:
    """Return who is of which gender; everybody alone where none is known."""
    chosen = {ALL: np.ones(len(answers), dtype=np.bool_)}
    if answers.gender_known.any():
        chosen["female"] = answers.gender_known & ~answers.male
        chosen["male"] = answers.gender_known & answers.male
    return chosen


def _passing(
    answers: Answers, gender: str, threshold: int, resampling: Resampling
) -> pd.DataFrame:
    challenge = threshold + np.array(ABOVE)
    passes = answers.guessed_age[:, np.newaxis] >= challenge
    of_gender = _genders(answers)[gender]
    under = of_gender & (answers.age < threshold)
    near = under & (answers.age >= threshold - JUST_UNDER)
    table = pd.DataFrame(
        {"threshold": threshold, "challenge": challenge, "gender": gender}
    )
    groups = {
        "false_positive": under,
        "just_under": near,
        "true_positive": of_gender & ~under,
    }
    for name, group in groups.items():
        whole = np.broadcast_to(group[:, np.newaxis], passes.shape)
        got = shares(passes, whole, answers.identity, resampling, FEWEST_PEOPLE)
        table = table.join(_named(got, name))
    return table


def _named(measured: pd.DataFrame, name: str) -> pd.DataFrame:
    """Put a measure's name before its columns."""
    return pd.DataFrame(
        {
            name: measured["share"],
            f"{name}_low": measured["low"],
            f"{name}_high": measured["high"],
            f"{name}_faces": measured["faces"],
        }
    )
