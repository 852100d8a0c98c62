"""Guessed ages beside true ones, over all faces."""

import numpy as np
from matplotlib.colors import LogNorm
from matplotlib.figure import Figure

from agegender.config import MAX_AGE
from agegender.counts import counted
from agegender.evaluate.answers import AGES, Answers, FloatArray
from agegender.evaluate.figures.style import (
    BLUE,
    GREY,
    VERMILION,
    legend_below,
    new_figure,
    say,
    tidy,
)
from agegender.evaluate.metrics import age_class, ratio

WINDOW = 2.0
"""Width of the smoothing over ages, in years (one standard deviation)."""

FEWEST = 10.0
"""Smoothed faces below which a running figure is not drawn."""


def age_scatter(answers: Answers) -> Figure:
    """Draw how many faces of each true age were given each age."""
    title = f"Guessed and true age, {counted(len(answers), 'face')}"
    figure = new_figure(6.4, 5.6, title)
    axes = tidy(figure.subplots(), "true age (years)", "guessed age (years)")
    edges = np.arange(0.0, MAX_AGE + 3.0, 2.0)
    counts, _, _ = np.histogram2d(answers.age, answers.guessed_age, [edges, edges])
    shown = np.ma.masked_equal(counts.T, 0.0)
    limits = LogNorm(1.0, max(10.0, float(counts.max())))
    mesh = axes.pcolormesh(edges, edges, shown, norm=limits, cmap="cividis")
    figure.colorbar(mesh, ax=axes, label="faces in 2 x 2 years", format="{x:.0f}")
    ends = np.array([0.0, MAX_AGE])
    axes.plot(ends, ends, color=VERMILION, label="right")
    for shift, label in ((-5.0, "5 years off"), (5.0, None)):
        axes.plot(ends, ends + shift, color=VERMILION, linestyle=":", label=label)
    axes.set(xlim=(0, MAX_AGE), ylim=(0, MAX_AGE), aspect="equal")
    legend_below(figure, axes)
    return figure


def error_by_age(answers: Answers) -> Figure:
    """Draw mean absolute error and bias by true age, with their uncertainty."""
    title = f"Error by true age, {counted(len(answers), 'face')}"
    figure = new_figure(7.2, 4.4, title)
    named = "years, with 95 % bands over faces"
    axes = tidy(figure.subplots(), "true age (years)", named)
    axes.axhline(0.0, color=GREY, linewidth=0.8)
    curves = (
        (np.abs(answers.age_error), "mean absolute error", BLUE, "-"),
        (answers.age_error, "bias (guessed - true)", VERMILION, "--"),
    )
    for values, label, colour, line in curves:
        mean, error = _running(answers.age, values)
        axes.plot(AGES, mean, line, color=colour, label=label)
        low, high = mean - 1.96 * error, mean + 1.96 * error
        axes.fill_between(AGES, low, high, color=colour, alpha=0.2, linewidth=0.0)
    axes.set_xlim(0, MAX_AGE)
    if np.isnan(mean).all():
        say(axes, f"fewer than {FEWEST:.0f} faces about every age")
        axes.set_yticks([0.0])
    legend_below(figure, axes)
    return figure


def age_distributions(answers: Answers) -> Figure:
    """Draw how often each age is true, guessed, and given probability.

    A model that answers nearly the same for everyone shows here at once.
    """
    title = f"Ages: truth and prediction, {counted(len(answers), 'face')}"
    figure = new_figure(7.2, 4.4, title)
    axes = tidy(figure.subplots(), "age (years)", "share of faces in a year")
    # Whole years lie in the middle of their bins, or truth would seem younger.
    edges = np.arange(-0.5, MAX_AGE + 3.0, 3.0)
    shares = np.histogram(answers.age, edges, density=True)[0]
    axes.stairs(shares, edges, fill=True, color=GREY, alpha=0.35, label="true age")
    shares = np.histogram(answers.guessed_age, edges, density=True)[0]
    axes.stairs(shares, edges, color=BLUE, linewidth=1.8, label="guessed age")
    axes.plot(
        AGES,
        answers.age_probabilities.mean(axis=0),
        color=VERMILION,
        linestyle="--",
        label="mean predicted distribution",
    )
    axes.set_xlim(0, MAX_AGE)
    legend_below(figure, axes)
    return figure


def _running(age: FloatArray, values: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Smooth values over ages.

    Returns:
        Mean and standard error at each age 0..100, float64 (101,); NaN where there
        are too few faces.
    """
    classes = age_class(age)
    sums = np.stack(
        [
            np.bincount(classes, weights=weights, minlength=len(AGES))
            for weights in (np.ones(len(age)), values, values**2)
        ]
    )
    kernel = np.exp(-0.5 * ((AGES[:, np.newaxis] - AGES) / WINDOW) ** 2)
    faces, total, squares = sums @ kernel
    # The kernel weighs faces unequally: as many equal ones would tell as much.
    effective = ratio(faces**2, sums[0] @ kernel**2)
    mean, square = ratio(total, faces), ratio(squares, faces)
    deviation = np.sqrt(np.maximum(square - mean**2, 0.0))
    known = effective >= FEWEST
    error = deviation / np.sqrt(np.where(known, effective, np.nan))
    return np.where(known, mean, np.nan), error
