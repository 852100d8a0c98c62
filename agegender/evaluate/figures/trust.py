"""How far answers can be trusted: calibration, doors, abstaining."""

from typing import Any, Final

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter

from agegender.counts import counted
from agegender.evaluate.answers import Answers
from agegender.evaluate.assurance import THRESHOLDS, operating_curve
from agegender.evaluate.figures.style import (
    BLUE,
    GREY,
    VERMILION,
    keep_to_shares,
    legend_below,
    new_figure,
    say,
    tidy,
)

LOWEST_SHARE = 1e-3
"""Left end of the operating curves: fewer false positives no split of ours can show."""

LOW = 0.1
"""Share below which there is no room for words between a curve and the axis."""

DOTTED: Final[dict[str, Any]] = {
    "color": BLUE,
    "marker": "o",
    "markersize": 4,
    "clip_on": False,
}
"""Look of a curve over a few values, whose dots may lie on the axes."""

MARKED: Final[dict[int, dict[str, Any]]] = {
    0: {"marker": "o"},
    7: {"marker": "s", "markersize": 9, "fillstyle": "none"},
}
"""Years above the threshold at which challenge ages are marked -> how.

One mark is hollow and larger: both can be seen where they fall together.
"""


def cumulative_curve(table: pd.DataFrame) -> Figure:
    """Draw the share of faces at most k years off.

    Args:
        table: As from `cumulative_scores`.
    """
    faces = counted(int(table["faces"].max()), "face")
    figure = new_figure(6.4, 4.4, f"Faces at most k years off, {faces}")
    axes = tidy(figure.subplots(), "k (years)", "share of faces")
    axes.plot(table["years"], table["share"], label="this model", **DOTTED)
    axes.plot(
        table["years"], table["trivial_guess"], "--", color=GREY, label="trivial guess"
    )
    axes.fill_between(
        table["years"], table["low"], table["high"], color=BLUE, alpha=0.2, linewidth=0
    )
    for _, row in table[table["years"].isin([5, 10])].iterrows():
        # On the side where neither the other curve nor the axis is.
        above = row["share"] >= row["trivial_guess"] or row["share"] < LOW
        axes.annotate(
            f"CS@{row['years']:.0f} {row['share']:.0%}",
            (row["years"], row["share"]),
            (-3, 6) if above else (6, -12),
            textcoords="offset points",
            ha="right" if above else "left",
        )
    axes.set(ylim=(0, 1.08), xlim=(0, table["years"].max()))
    legend_below(figure, axes)
    axes.yaxis.set_major_formatter(PercentFormatter(1.0))
    return figure


def calibration_panels(levels: pd.DataFrame, reliability: pd.DataFrame) -> Figure:
    """Draw whether age distributions and gender probabilities mean what they say.

    Args:
        levels: `from`, `to`, `density`: where true ages lie in their distributions.
        reliability: As from `gender_reliability`.
    """
    figure = new_figure(10.0, 4.6, "Do probabilities mean what they say?")
    ages, genders = figure.subplots(1, 2)
    tidy(ages, "level of the true age in its distribution", "density (even = 1)")
    edges = [*levels["from"], levels["to"].iloc[-1]]
    ages.stairs(levels["density"], edges, fill=True, color=BLUE, alpha=0.5)
    ages.axhline(1.0, color=VERMILION, linestyle="--", label="calibrated")
    ages.set(xlim=(0, 1), ylim=(0, None))
    tidy(genders, "predicted probability of male", "share of men")
    if reliability.empty:
        say(genders, "no face's gender is known")
    else:
        _draw_reliability(genders, reliability)
    genders.set(xlim=(0, 1), ylim=(-0.02, 1.02), aspect="equal")
    legend_below(figure, ages if reliability.empty else genders)
    return figure


def _draw_reliability(axes: Axes, table: pd.DataFrame) -> None:
    axes.plot([0, 1], [0, 1], color=VERMILION, linestyle="--", label="calibrated")
    share = table["share"]
    known = table[["low", "high"]].notna().all(axis=1)
    below = (share - table["low"]).where(known, 0.0).clip(lower=0.0)
    above = (table["high"] - share).where(known, 0.0).clip(lower=0.0)
    axes.errorbar(
        table["predicted"],
        share,
        yerr=np.stack([below, above]),
        color=BLUE,
        marker="o",
        markersize=4,
        capsize=3,
        label="men among faces so called",
    )


def operating_curves(answers: Answers) -> Figure:
    """Draw who passes a door for adults: of age against under age."""
    title = f"Age assurance, {counted(len(answers), 'face')}"
    figure = new_figure(10.0, 4.8, title)
    panels = figure.subplots(1, 2)
    for axes, threshold in zip(panels, THRESHOLDS, strict=True):
        tidy(
            axes,
            f"under {threshold} who pass unasked",
            f"{threshold} and older who pass unasked",
        )
        under = counted(int((answers.age < threshold).sum()), "face")
        axes.set_title(f"threshold {threshold}: {under} under it", fontsize=10)
        _draw_door(axes, answers, threshold)
        axes.set_xscale("log")
        axes.set(xlim=(LOWEST_SHARE, 1.0), ylim=(0, 1.02))
        axes.xaxis.set_major_formatter(_false_positive)
        axes.yaxis.set_major_formatter(PercentFormatter(1.0))
    legend_below(figure, max(panels, key=lambda axes: len(axes.lines)))
    return figure


def _false_positive(share: float, _: int | None) -> str:
    """Name a share on the axis; at its left end stand all that are smaller, too."""
    at_most = "≤" if share <= 1.01 * LOWEST_SHARE else ""
    return f"{at_most}{100.0 * share:g}%"


def _draw_door(axes: Axes, answers: Answers, threshold: int) -> None:
    curve = operating_curve(answers, threshold)
    if curve.isna().any(axis=None):
        say(axes, "nobody under, or nobody over")
        return
    wrong = curve["false_positive"].clip(lower=LOWEST_SHARE)
    axes.plot(wrong, curve["true_positive"], color=BLUE)
    for years, mark in MARKED.items():
        at = curve["challenge"] == threshold + years
        axes.plot(
            *(wrong[at], curve["true_positive"][at]),
            label="challenge " + " or ".join(str(one + years) for one in THRESHOLDS),
            color=VERMILION,
            linestyle="",
            clip_on=False,
            zorder=3,
            **mark,
        )


def abstention_curves(table: pd.DataFrame) -> Figure:
    """Draw the errors that are left when the doubtful faces are not answered.

    Args:
        table: As from `abstention`.
    """
    figure = new_figure(10.0, 4.2, "Answering only where the model is surest")
    panels = (
        ("mean_absolute_error", "mean absolute error (years)"),
        ("gender_accuracy", "gender accuracy"),
    )
    for axes, (name, title) in zip(figure.subplots(1, 2), panels, strict=True):
        tidy(axes, "share of faces answered", title)
        axes.set_xlim(1.02, 0.08)
        axes.xaxis.set_major_formatter(PercentFormatter(1.0))
        if name not in table:
            say(axes, "no face's gender is known")
            continue
        axes.plot(table["answered"], table[name], **DOTTED)
        ends = table[f"{name}_low"], table[f"{name}_high"]
        axes.fill_between(table["answered"], *ends, color=BLUE, alpha=0.2, linewidth=0)
    if "gender_accuracy" in table:
        genders = figure.axes[1]
        genders.yaxis.set_major_formatter(PercentFormatter(1.0, decimals=1))
        keep_to_shares(genders)
    return figure
