from dataclasses import replace

import numpy as np
import pytest

from agegender.config import AbstainRules
from agegender.detect import WholePhoto
from agegender.model.ages import point_age
from agegender.predict.faces import Face
from agegender.predict.predictor import Predictor
from agegender.video.people import TOLD, Average, Person, to_table


def answer(age: int, male: float = 0.5, score: float | None = 1.0) -> Face:
    """Return a face of which the network is sure that it is `age`."""
    ages = tuple(float(n == age) for n in range(101))
    return Face((0, 0, 9, 9), None, score, age, age, age, male, ages)


def test_single_answer_is_told_as_the_predictor_tells_it(predictor: Predictor) -> None:
    asked = Predictor(predictor.network, WholePhoto(), keep_distribution=True)
    noise = np.random.default_rng(0).integers(0, 256, (64, 64, 3), dtype=np.uint8)
    (photo,) = asked.predict([noise])
    (face,) = photo.faces
    told = Average(asked).add(face)
    assert told.age == pytest.approx(face.age, abs=1e-3)
    assert told.age_low == pytest.approx(face.age_low, abs=1e-3)
    assert told.age_high == pytest.approx(face.age_high, abs=1e-3)
    assert told.male_probability == pytest.approx(face.male_probability, abs=1e-4)
    assert told.abstained == face.abstained


def test_distributions_are_averaged_by_how_sure_the_detector_was(
    predictor: Predictor,
) -> None:
    average = Average(predictor)
    average.add(answer(20, score=0.9))
    mixed = np.zeros((1, 101))
    mixed[0, [20, 40]] = 0.75, 0.25
    (age,) = point_age(mixed, predictor.network.point)
    assert average.add(answer(40, score=0.3)).age == pytest.approx(age, abs=1e-3)


def test_genders_are_averaged_as_log_odds(predictor: Predictor) -> None:
    average = Average(predictor)
    average.add(answer(30, male=0.9))
    assert average.add(answer(30, male=0.1)).male_probability == pytest.approx(0.5)


def test_certainty_of_a_gender_does_not_grow_with_the_number_of_looks(
    predictor: Predictor,
) -> None:
    average = Average(predictor)
    for _ in range(50):
        told = average.add(answer(30, male=0.7))
    assert told.male_probability == pytest.approx(0.7)


def test_interval_does_not_shrink_with_the_number_of_looks(
    predictor: Predictor,
) -> None:
    ages = np.exp(-0.5 * ((np.arange(101) - 40) / 9.0) ** 2)
    ages /= ages.sum()
    face = replace(answer(40), age_probabilities=tuple(ages.tolist()))
    average = Average(predictor)
    first = average.add(face)
    for _ in range(50):
        told = average.add(face)
    (age,) = point_age(ages[None], predictor.network.point)
    assert told.age == pytest.approx(age, abs=1e-3)
    assert told.age_high - told.age_low == pytest.approx(
        first.age_high - first.age_low, abs=1e-2
    )


def test_doubt_is_judged_by_the_average(predictor: Predictor) -> None:
    average = Average(
        Predictor(predictor.network, predictor.detector, abstain=AbstainRules())
    )
    assert "gender" in average.add(answer(30, male=0.6)).abstained
    assert "gender" not in average.add(answer(30, male=0.99)).abstained


def test_certain_genders_stay_finite(predictor: Predictor) -> None:
    average = Average(predictor)
    average.add(answer(30, male=1.0))
    assert average.add(answer(30, male=0.0)).male_probability == pytest.approx(0.5)


def test_table_tells_of_those_seen_longest_in_the_order_they_came() -> None:
    people = [Person(n, n, n + 1, n, answer(30)) for n in range(1, TOLD + 4)]
    lines = to_table(people).splitlines()
    assert [int(line.split()[0]) for line in lines[1 : TOLD + 1]] == list(
        range(4, TOLD + 4)
    )
    assert lines[TOLD + 1] == "and 3 others, looked at less often"
    assert "no proof of age" in lines[-1]
