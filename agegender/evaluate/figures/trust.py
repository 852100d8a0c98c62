"""How far answers can be trusted: calibration, doors, abstaining."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter

from agegender.evaluate.answers import Answers
from agegender.evaluate.assurance import THRESHOLDS, operating_curve
from agegender.evaluate.figures.style import (
    BLUE,
    GREY,
    VERMILION,
    new_figure,
    tidy,
)

LOWEST_SHARE = 1e-3
"""Left end of the operating curves: fewer false positives no split of ours can show."""

MARKED = (0, 7)
"""Years above the threshold at which challenge ages are named."""


def cumulative_curve(table: pd.DataFrame) -> Figure:
    """Draw the share of faces at most k years off.

    Args:
        table: As from `cumulative_scores`.
    """
    faces = int(table["faces"].max())
    figure = new_figure(6.4, 4.4, f"Faces at most k years off, {faces:,} faces")
    axes = tidy(figure.subplots(), "k (years)", "share of faces")
    axes.plot(table["years"], table["share"], color=BLUE, marker="o", markersize=4)
    axes.plot(
        table["years"], table["trivial_guess"], "--", color=GREY, label="trivial guess"
    )
    axes.fill_between(
        table["years"], table["low"], table["high"], color=BLUE, alpha=0.2, linewidth=0
    )
    for _, row in table[table["years"].isin([5, 10])].iterrows():
        place = (row["years"], row["share"])
        axes.annotate(
            f"{row['share']:.0%}", place, (6, -12), textcoords="offset points"
        )
    axes.set(ylim=(0, 1), xlim=(0, table["years"].max()))
    axes.legend(frameon=False)
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
    ages.legend(frameon=False)
    tidy(genders, "predicted probability of male", "share of men")
    genders.plot([0, 1], [0, 1], color=VERMILION, linestyle="--", label="calibrated")
    if reliability.empty:
        _say(genders, "no face's gender is known")
    else:
        _draw_reliability(genders, reliability)
    genders.set(xlim=(0, 1), ylim=(-0.02, 1.02), aspect="equal")
    genders.legend(frameon=False, loc="upper left")
    return figure


def _draw_reliability(axes: Axes, table: pd.DataFrame) -> None:
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
    title = f"Age assurance, {len(answers):,} faces"
    figure = new_figure(10.0, 4.8, title)
    for axes, threshold in zip(figure.subplots(1, 2), THRESHOLDS, strict=True):
        tidy(
            axes,
            f"under {threshold} who pass unasked",
            f"{threshold} and older who pass unasked",
        )
        under = int((answers.age < threshold).sum())
        axes.set_title(f"threshold {threshold}: {under:,} faces under it", fontsize=10)
        _draw_door(axes, answers, threshold)
        axes.set_xscale("log")
        axes.set(xlim=(LOWEST_SHARE, 1.0), ylim=(0, 1.02))
        axes.xaxis.set_major_formatter(PercentFormatter(1.0, decimals=None))
        axes.yaxis.set_major_formatter(PercentFormatter(1.0))
    return figure


def _draw_door(axes: Axes, answers: Answers, threshold: int) -> None:
    curve = operating_curve(answers, threshold)
    if curve.isna().any(axis=None):
        _say(axes, "nobody under, or nobody over")
        return
    wrong = curve["false_positive"].clip(lower=LOWEST_SHARE)
    axes.plot(wrong, curve["true_positive"], color=BLUE)
    marked = curve["challenge"].isin([threshold + years for years in MARKED])
    for _, row in curve[marked].iterrows():
        place = (max(row["false_positive"], LOWEST_SHARE), row["true_positive"])
        axes.plot(*place, "o", color=VERMILION)
        axes.annotate(
            f"challenge {row['challenge']:.0f}",
            place,
            (-8, 6),
            textcoords="offset points",
            ha="right",
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
            _say(axes, "no face's gender is known")
            continue
        axes.plot(table["answered"], table[name], color=BLUE, marker="o", markersize=4)
        ends = table[f"{name}_low"], table[f"{name}_high"]
        axes.fill_between(table["answered"], *ends, color=BLUE, alpha=0.2, linewidth=0)
    if "gender_accuracy" in table:
        figure.axes[1].yaxis.set_major_formatter(PercentFormatter(1.0, decimals=1))
    return figure


def _say(axes: Axes, text: str) -> None:
    axes.text(0.5, 0.5, text, ha="center", color=GREY, transform=axes.transAxes)
