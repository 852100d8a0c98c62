import math
from collections.abc import Callable

import keras
import numpy as np
import pytest
from numpy.typing import NDArray

from agegender.config import LossConfig
from agegender.model.heads import Probabilities, StepsToAges
from agegender.model.losses import (
    AgeLoss,
    GenderLoss,
    MeanVarianceLoss,
    expected_age,
    label_distribution,
    loss_weights,
    losses,
    one_class_a_year,
)
from agegender.model.metrics import metrics, weighted_metrics

Array = NDArray[np.float32]


def array(*values: float) -> Array:
    return np.array(values, np.float32)


def mass(**at: float) -> Array:
    """Return one distribution: `mass(a20=0.5, a40=0.5)`."""
    found = np.zeros((1, 101), np.float32)
    for name, share in at.items():
        found[0, int(name[1:])] = share
    return found


def numpy(tensor: object) -> Array:
    return np.asarray(keras.ops.convert_to_numpy(tensor))


def test_label_distribution_is_a_gaussian_that_sums_to_one_even_at_the_end() -> None:
    found = numpy(label_distribution(array(0.0, 30.3), 2.0))
    np.testing.assert_allclose(found.sum(axis=1), 1.0, atol=1e-6)
    ratio = math.exp(-(0.7**2) / 8) / math.exp(-(0.3**2) / 8)
    assert found[1, 31] / found[1, 30] == pytest.approx(ratio, rel=1e-5)
    assert float(numpy(expected_age(found))[1]) == pytest.approx(30.3, abs=1e-3)


def test_cross_entropy_takes_the_nearest_whole_age() -> None:
    found = numpy(one_class_a_year(array(30.4, 30.5, 0.0, 100.0)))
    assert found.argmax(axis=1).tolist() == [30, 31, 0, 100]


def test_cross_entropy_is_minus_log_of_the_true_class() -> None:
    loss = AgeLoss("cross_entropy", expectation_weight=0.0)
    found = float(loss(array(20.0), mass(a20=0.25, a60=0.75)))
    assert found == pytest.approx(math.log(4), rel=1e-5)


def conditional_cross_entropy(scores: Array, age: int) -> float:
    """Return CORN's loss of one face, task by task, in float64."""
    chances = 1 / (1 + np.exp(-scores.astype(np.float64)))
    tasks = [
        -math.log(chances[year]) if age > year else -math.log(1 - chances[year])
        for year in range(min(age + 1, 100))  # those whose condition holds
    ]
    return sum(tasks)


@pytest.mark.parametrize("age", [0, 1, 37, 99, 100])
def test_cross_entropy_on_the_ordinal_head_is_the_loss_of_corn(age: int) -> None:
    scores = np.random.default_rng(age).normal(2.0, 1.0, (1, 100)).astype(np.float32)
    loss = AgeLoss("cross_entropy", expectation_weight=0.0)
    found = float(loss(array(age), StepsToAges()(scores)))
    assert found == pytest.approx(conditional_cross_entropy(scores[0], age), rel=1e-4)


def test_perfect_distribution_costs_nothing() -> None:
    loss = AgeLoss("label_distribution", 2.0, 0.3)
    found = loss(array(50.0), numpy(label_distribution(array(50.0), 2.0)))
    assert float(found) == pytest.approx(0.0, abs=1e-4)


def test_expectation_is_weighed_per_year() -> None:
    prediction = mass(a20=0.5, a40=0.5)
    costs = [
        float(AgeLoss("cross_entropy", 2.0, weight)(array(20.0), prediction))
        for weight in (0.0, 0.3)
    ]
    assert costs[1] - costs[0] == pytest.approx(0.3 * 10, rel=1e-4)


def test_gender_loss_is_binary_cross_entropy() -> None:
    found = GenderLoss()(array(1.0, 0.0), array(0.8, 0.8)[:, None])
    assert float(found) == pytest.approx(-(math.log(0.8) + math.log(0.2)) / 2, rel=1e-4)


def test_mean_variance_adds_half_the_squared_error_and_the_variance() -> None:
    # Mean 35, of the age 20: an error of 15; variance 15^2 as well.
    prediction = mass(a20=0.5, a50=0.5)
    found = float(MeanVarianceLoss(0.2, 0.05)(array(20.0), prediction))
    wanted = math.log(2) + 0.2 * 0.5 * 15**2 + 0.05 * 15**2
    assert found == pytest.approx(wanted, rel=1e-5)


def test_smoothed_age_is_spread_over_all_ages() -> None:
    loss = AgeLoss("cross_entropy", expectation_weight=0.0, smoothing=0.101)
    prediction = (0.5 * mass(a20=1.0) + 0.5 / 101).astype(np.float32)
    at, beside = 0.5 + 0.5 / 101, 0.5 / 101
    # Each of the 101 ages gets 0.001 of the target, age 20 the rest besides.
    wanted = -(0.9 * math.log(at) + 0.1 * math.log(beside))
    assert float(loss(array(20.0), prediction)) == pytest.approx(wanted, rel=1e-5)


def test_perfect_smoothed_distribution_costs_nothing() -> None:
    wanted = 0.9 * numpy(label_distribution(array(50.0), 2.0)) + 0.1 / 101
    loss = AgeLoss("label_distribution", 2.0, 0.0, smoothing=0.1)
    assert float(loss(array(50.0), wanted)) == pytest.approx(0.0, abs=1e-5)


def test_smoothed_gender_is_spread_over_both() -> None:
    found = GenderLoss(0.2)(array(1.0), array(0.8)[:, None])
    wanted = -(0.9 * math.log(0.8) + 0.1 * math.log(0.2))
    assert float(found) == pytest.approx(wanted, rel=1e-5)


@pytest.mark.parametrize("loss", [AgeLoss(), MeanVarianceLoss(smoothing=0.1)])
def test_unlabelled_faces_cost_nothing(loss: keras.losses.Loss) -> None:
    even = np.full((2, 101), 1 / 101, np.float32)
    known = float(loss(array(20.0), even[:1]))
    assert float(loss(array(20.0, np.nan), even)) == pytest.approx(known / 2)
    assert float(GenderLoss()(array(np.nan), array(0.7)[:, None])) == 0.0


def test_hopeless_prediction_has_a_finite_loss() -> None:
    found = float(AgeLoss("cross_entropy", 2.0, 0.0)(array(20.0), mass(a90=1.0)))
    assert math.isfinite(found)
    assert found > 50.0


def gradient(loss: keras.losses.Loss, truth: Array, logits: Array) -> Array:
    """Return d loss / d logits, as one step of plain SGD reveals it."""
    activation = "softmax" if logits.shape[1] > 1 else "sigmoid"
    head = Probabilities(logits.shape[1], activation)
    model = keras.Sequential([keras.Input((len(logits),)), head])
    head.set_weights([logits, np.zeros(logits.shape[1])])
    model.compile(keras.optimizers.SGD(1.0), loss, jit_compile="auto")
    model.train_on_batch(np.eye(len(logits), dtype=np.float32), truth)
    return logits - head.get_weights()[0]


AGES = np.arange(101)


def log_softmax(scores: NDArray[np.float64]) -> NDArray[np.float64]:
    return scores - np.log(np.exp(scores).sum())


def label_distribution_cost(scores: NDArray[np.float64], age: float) -> float:
    """Return DLDL-v2's loss in float64, from its formula alone."""
    bell = np.exp(-((AGES - age) ** 2) / (2 * 2.0**2))
    wanted = 0.9 * bell / bell.sum() + 0.1 / 101
    answer = log_softmax(scores)
    error = abs(np.exp(answer) @ AGES - age)
    return float((wanted * (np.log(wanted) - answer)).sum() + 0.3 * error)


def cross_entropy_cost(scores: NDArray[np.float64], age: float) -> float:
    """Return the smoothed cross-entropy of the nearest whole age, in float64."""
    wanted = 0.95 * (round(age) == AGES) + 0.05 / 101
    return float(-(wanted * log_softmax(scores)).sum())


def mean_variance_cost(scores: NDArray[np.float64], age: float) -> float:
    """Return the loss of Pan et al. in float64, from its formulas alone."""
    answer = np.exp(log_softmax(scores))
    mean = sum(year * answer[year] for year in range(101))
    variance = sum(answer[year] * (year - mean) ** 2 for year in range(101))
    surprise = -math.log(answer[round(age)])
    return float(surprise + 0.2 / 2 * (mean - age) ** 2 + 0.05 * variance)


def gender_cost(scores: NDArray[np.float64], gender: float) -> float:
    """Return the smoothed binary cross-entropy in float64."""
    male = 1 / (1 + math.exp(-scores[0]))
    wanted = 0.9 * gender + 0.05
    return -wanted * math.log(male) - (1 - wanted) * math.log(1 - male)


LOSSES = [
    (AgeLoss("label_distribution", 2.0, 0.3, 0.1), label_distribution_cost),
    (AgeLoss("cross_entropy", 2.0, 0.0, 0.05), cross_entropy_cost),
    (MeanVarianceLoss(), mean_variance_cost),
    (GenderLoss(0.1), gender_cost),
]


@pytest.mark.parametrize(("loss", "cost"), LOSSES)
def test_gradient_agrees_with_finite_differences_of_the_formula(
    loss: keras.losses.Loss, cost: Callable[[NDArray[np.float64], float], float]
) -> None:
    width, truth = (1, array(0, 1)) if cost is gender_cost else (101, array(3.4, 77))
    logits = np.random.default_rng(0).normal(size=(2, width)).astype(np.float32)
    found = gradient(loss, truth, logits)
    step = np.eye(width) * 1e-5
    for row, label in enumerate(truth.tolist()):
        scores = logits[row].astype(np.float64)
        for column in range(0, width, 7):
            up, down = (
                cost(scores + step[column], label),
                cost(scores - step[column], label),
            )
            # The loss is a mean over two faces.
            wanted = (up - down) / 2e-5 / 2
            assert found[row, column] == pytest.approx(wanted, rel=1e-3, abs=2e-4)


@pytest.mark.parametrize(("loss", "cost"), LOSSES[:3])
def test_loss_agrees_with_the_formula(
    loss: keras.losses.Loss, cost: Callable[[NDArray[np.float64], float], float]
) -> None:
    scores = np.random.default_rng(1).normal(size=(3, 101))
    answers = np.exp([log_softmax(row) for row in scores]).astype(np.float32)
    ages = [0.2, 41.4, 100.0]
    wanted = np.mean([cost(*pair) for pair in zip(scores, ages, strict=True)])
    assert float(loss(array(*ages), answers)) == pytest.approx(wanted, rel=1e-4)


@pytest.mark.parametrize("loss", [AgeLoss(), MeanVarianceLoss()])
def test_gradient_with_unlabelled_faces_is_finite_and_zero_for_them(
    loss: keras.losses.Loss,
) -> None:
    logits = np.random.default_rng(0).normal(size=(2, 101)).astype(np.float32)
    found = gradient(loss, array(np.nan, 40.0), logits)
    assert not found[0].any()
    assert np.isfinite(found[1]).all()
    assert found[1].any()


@pytest.mark.parametrize("loss", ["label_distribution", "cross_entropy"])
def test_age_that_was_ruled_out_is_learnt_as_any_other(loss: str) -> None:
    logits = np.zeros((1, 101), np.float32)
    logits[0, 90] = 1e3
    found = gradient(AgeLoss(loss, 0.1, 0.0), array(20.0), logits)
    np.testing.assert_allclose(found, mass(a90=1.0) - mass(a20=1.0), atol=1e-4)


@pytest.mark.parametrize(("sure", "gender", "wanted"), [(1e3, 0, 1.0), (-1e3, 1, -1.0)])
def test_gender_that_was_ruled_out_is_learnt_as_any_other(
    sure: float, gender: int, wanted: float
) -> None:
    found = gradient(GenderLoss(), array(gender), array(sure)[:, None])
    assert found == pytest.approx(wanted, rel=0.2)


def test_settings_reach_losses_and_weights() -> None:
    config = LossConfig(age_sigma=3.0, expectation_weight=0.1, gender_weight=0.5)
    assert losses(config)["age"].get_config().items() >= {
        ("sigma", 3.0),
        ("expectation_weight", 0.1),
        ("target", "label_distribution"),
    }
    assert loss_weights(config) == {"age": 1.0, "gender": 0.5}
    config = LossConfig(
        "mean_variance",
        mean_weight=0.3,
        variance_weight=0.1,
        age_smoothing=0.2,
        gender_smoothing=0.1,
    )
    found = losses(config)
    own = {"mean_weight": 0.3, "variance_weight": 0.1, "smoothing": 0.2}
    assert isinstance(found["age"], MeanVarianceLoss)
    assert found["age"].get_config().items() >= own.items()
    assert found["gender"].get_config()["smoothing"] == 0.1


def test_metrics_measure_labelled_faces_in_years_and_shares() -> None:
    ages = np.concatenate([mass(a30=1.0), mass(a30=0.5, a50=0.5), mass(a10=1.0)])
    truth = array(31.0, 46.0, np.nan)
    mae, cs5 = metrics()["age"]
    assert float(mae(truth, ages)) == pytest.approx((1 + 6) / 2)
    assert float(cs5(truth, ages)) == pytest.approx(0.5)
    accuracy = metrics()["gender"][0]
    male = array(0.9, 0.9, 0.1)[:, None]
    assert float(accuracy(array(1.0, 0.0, np.nan), male)) == pytest.approx(0.5)


def test_age_metrics_measure_the_age_that_is_told() -> None:
    ages = mass(a30=0.4, a31=0.3, a70=0.3)
    for point, told in (("median", 30.5 + 1 / 3), ("mode", 30.0)):
        mae, cs5 = metrics(point)["age"]
        assert float(mae(array(31.0), ages)) == pytest.approx(abs(told - 31), abs=1e-4)
        assert float(cs5(array(31.0), ages)) == 1.0
    assert float(metrics()["age"][1](array(31.0), ages)) == 0.0


def test_reported_gender_loss_is_a_weighted_mean_over_known_faces() -> None:
    (metric,) = weighted_metrics(LossConfig(gender_smoothing=0.2))["gender"]
    male = array(0.8, 0.8, 0.3)[:, None]
    truth, weights = array(1.0, 0.0, np.nan), array(3.0, 1.0, 9.0)
    right = -(0.9 * math.log(0.8) + 0.1 * math.log(0.2))
    wrong = -(0.1 * math.log(0.8) + 0.9 * math.log(0.2))
    assert float(metric(truth, male)) == pytest.approx((right + wrong) / 2, rel=1e-5)
    metric.reset_state()
    found = float(metric(truth, male, sample_weight=weights))
    assert found == pytest.approx((3 * right + wrong) / 4, rel=1e-5)


MIXED_LOSSES = {
    "label_distribution": AgeLoss("label_distribution"),
    "cross_entropy": AgeLoss("cross_entropy", expectation_weight=0.0),
    "mean_variance": MeanVarianceLoss(),
}


@pytest.mark.parametrize("loss", MIXED_LOSSES.values(), ids=MIXED_LOSSES.keys())
def test_mixed_face_costs_what_both_its_ages_cost_by_share(
    loss: keras.losses.Loss,
) -> None:
    answer = np.random.default_rng(0).dirichlet(np.ones(101), 2).astype(np.float32)
    found = loss(np.stack([array(20.0, 70.0, 0.3), array(35.5, 4.0, 1.0)]), answer)
    first = 0.3 * loss(array(20.0), answer[:1]) + 0.7 * loss(array(70.0), answer[:1])
    second = loss(array(35.5), answer[1:])
    assert float(found) == pytest.approx(float(first + second) / 2, rel=1e-5)


def test_loss_of_mixed_ages_is_the_loss_of_their_mixed_distribution() -> None:
    answer = np.full((1, 101), 0.25 / 100, np.float32)
    answer[0, 20] = 0.75
    loss = AgeLoss("cross_entropy", expectation_weight=0.0)
    wanted = -(0.4 * math.log(0.75) + 0.6 * math.log(0.25 / 100))
    found = float(loss(array(20.0, 70.0, 0.4)[None], answer))
    assert found == pytest.approx(wanted, rel=1e-5)


def test_mixed_face_of_one_known_gender_costs_that_one_by_its_share() -> None:
    genders = np.stack([array(1.0, 0.0, 0.25), array(np.nan, 1.0, 0.25)])
    found = float(GenderLoss()(genders, array(0.8, 0.6)[:, None]))
    both = -(0.25 * math.log(0.8) + 0.75 * math.log(0.2))
    known = -0.75 * math.log(0.6)
    assert found == pytest.approx((both + known) / 2, rel=1e-5)


def test_face_that_fills_a_mixed_batch_costs_nothing() -> None:
    answer = np.full((1, 101), 1 / 101, np.float32)
    nobody = array(np.nan, np.nan, np.nan)[None]
    assert float(AgeLoss("label_distribution")(nobody, answer)) == 0.0
    assert float(GenderLoss()(nobody, array(0.3)[:, None])) == 0.0


def test_metrics_of_mixed_faces_count_both_by_share() -> None:
    mae, _ = metrics()["age"]
    ages = np.stack([array(30.0, 60.0, 0.75), array(np.nan, 33.0, 0.5)])
    found = float(mae(ages, np.concatenate([mass(a30=1.0)] * 2)))
    assert found == pytest.approx((0.25 * 30 + 0.5 * 3) / 1.5)
    accuracy = metrics()["gender"][0]
    genders = np.stack([array(1.0, 0.0, 0.75), array(np.nan, 1.0, 0.5)])
    assert float(accuracy(genders, array(0.9, 0.2)[:, None])) == pytest.approx(0.5)
