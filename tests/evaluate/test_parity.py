import numpy as np
import pandas as pd
import pytest

from agegender.evaluate.parity import compare_answers
from agegender.model.network import AgeGender


def _sure_of(ages: list[int], male: list[float]) -> AgeGender:
    return AgeGender(np.eye(101, dtype=np.float32)[ages], np.array(male, np.float32))


def test_differences_are_of_the_same_face() -> None:
    before, after = _sure_of([10, 20], [0.1, 0.9]), _sure_of([11, 17], [0.1, 0.4])
    parity = compare_answers(before, after, "expectation")
    assert (parity.faces, parity.largest_years, parity.mean_years) == (2, 3.0, 2.0)
    assert parity.largest_male == pytest.approx(0.5)
    assert parity.lost_years is None


def test_loss_is_how_much_the_error_grew() -> None:
    labels = pd.DataFrame(
        {"age": [10.0, 20.0], "gender": [0, -1], "identity": ["a", "b"]}
    )
    before, after = _sure_of([12, 20], [0.1, 0.9]), _sure_of([11, 17], [0.9, 0.9])
    parity = compare_answers(before, after, "median", labels)
    assert parity.before is not None
    assert parity.after is not None
    assert parity.lost_years == pytest.approx(1.0)
    # The second face's gender is not known and counts for nothing.
    assert (parity.before.gender_accuracy, parity.after.gender_accuracy) == (1.0, 0.0)
