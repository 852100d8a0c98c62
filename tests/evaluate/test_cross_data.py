"""The table of a model on several data sets, against scikit-learn and by hand."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from sklearn.metrics import accuracy_score, mean_absolute_error

from agegender.evaluate.answers import pair
from agegender.evaluate.baseline import trivial_guess
from agegender.evaluate.bootstrap import Resampling
from agegender.evaluate.calibrate import fit_calibration
from agegender.evaluate.cross_data import Measured, cross_data

Draw = Callable[..., Any]


def test_each_data_set_has_its_own_figures_and_one_trivial_guess(draw: Draw) -> None:
    first, second = draw(400, noise=4.0), draw(300, seed=1, noise=12.0)
    train = draw(500, seed=2)[2]
    answers = [pair(*one) for one in (first, second)]
    fitted = fit_calibration(answers[0])
    measured = [
        Measured("ours", "test", answers[0]),
        Measured("theirs", "all", answers[1], left_out=7),
    ]

    section = cross_data(measured, fitted, trivial_guess(train), Resampling(200))

    table = section.table.set_index("data")
    for name, (ages, male, labels) in zip(table.index, (first, second), strict=True):
        row, truth = table.loc[name], labels["age"].to_numpy()
        error = mean_absolute_error(truth, ages @ np.arange(101))
        assert row["mean_absolute_error"] == pytest.approx(error, abs=1e-4)
        assert row["gender_accuracy"] == pytest.approx(
            accuracy_score(labels["gender"], male >= 0.5)
        )
        low, high = fitted.age_interval(ages, 0.9)
        held = ((low <= truth) & (truth <= high)).mean()
        assert row["coverage"] == pytest.approx(held)
        # One constant, learnt from the first one's training faces, for both.
        guess = np.full(len(truth), np.median(train["age"]))
        assert row["trivial_error"] == pytest.approx(mean_absolute_error(truth, guess))
        assert row["mean_absolute_error_low"] < error < row["mean_absolute_error_high"]
    assert table["left_out"].tolist() == [0, 7]
    # The first may be the training split itself.
    assert "of the others, faces of people among those are left out" in section.says
    # Calibrated on the first; the second is not what was promised.
    assert table["coverage"]["theirs"] < 0.8 < table["coverage"]["ours"]
