"""A study on one page: what was found, figures to click through, every trial.

The page needs nothing from anywhere else: Plotly's script is in it, once.
"""

import json
from collections.abc import Sequence
from typing import Any, Final

import pandas as pd
from plotly.offline import get_plotlyjs

from agegender.config import short_name
from agegender.notice import NOTICE
from agegender.pages.markup import document, escape, paragraph, section, table
from agegender.search.figures.plot_parts import Plot
from agegender.search.figures.plots import study_plots
from agegender.search.result import StudyResult
from agegender.search.summary import shown, summary
from agegender.search.trial import REASON

CHOSEN_HERE: Final = (
    "All errors are on validation faces, by which the best was chosen: on others, "
    "expect it to be somewhat worse. The test split was not looked at."
)
HOW_TO_PICK: Final = (
    "One line a trial, the best in orange, dotted where it was given up early. Draw a "
    "box over one axis or several to see the trials that pass through; double-click to "
    "see all."
)
AXIS_WIDTH: Final = 105
"""Pixels that an axis needs, so that its numbers can be read."""

DRAWS: Final = """
const plots = JSON.parse(document.getElementById("plots").textContent);
const isFinger = matchMedia("(pointer: coarse)").matches;
const look = { responsive: true, displayModeBar: false };

function dyed(value) {
  if (typeof value === "string") {
    const page = getComputedStyle(document.documentElement);
    return value.replace(/^var\\((--[a-z]+)\\)/, (_, name) =>
      page.getPropertyValue(name).trim());
  }
  if (Array.isArray(value)) return value.map(dyed);
  if (value === null || typeof value !== "object") return value;
  return Object.fromEntries(Object.entries(value).map(([k, v]) => [k, dyed(v)]));
}

function draw() {
  for (const [name, plot] of Object.entries(plots)) {
    // A finger scrolls the page; a mouse zooms, or picks lines.
    const drag = name === "parallel_coordinates" ? "select" : "zoom";
    const layout = { ...dyed(plot.layout), dragmode: isFinger ? false : drag };
    Plotly.react("plot-" + name, dyed(plot.data), layout, look);
  }
}

function pick(event) {
  const byAxis = {};
  for (const { x, curveNumber } of event?.points ?? []) {
    (byAxis[x] ??= new Set()).add(curveNumber);
  }
  const passed = Object.values(byAxis);
  colour((index) => passed.every((some) => some.has(index)));
}

function colour(isShown) {
  const lines = dyed(plots.parallel_coordinates.data);
  const colours = lines.map((line, index) =>
    isShown(index) ? line.line.color : dyed("var(--soft)18"));
  Plotly.restyle(together, { "line.color": colours, "marker.color": colours });
}

draw();
const together = document.getElementById("plot-parallel_coordinates");
together.on("plotly_selected", pick);
together.on("plotly_deselect", () => colour(() => true));
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", draw);
"""


def draw_study_page(result: StudyResult) -> str:
    """Draw the page of a study.

    Args:
        result: From `run_study`.

    Returns:
        HTML that needs nothing from anywhere else.
    """
    plots = study_plots(result)
    overview = [name for name in ("history", "importances") if name in plots]
    front = [name for name in ("front",) if name in plots]
    others = {*overview, *front, "parallel_coordinates"}
    slices = [name for name in plots if name not in others]
    body = "\n".join(
        [
            paragraph(summary(result)),
            section("How it went", _beside(overview)),
            section("Error against cost", _beside(front) if front else ""),
            section("Settings together", paragraph(HOW_TO_PICK), _wide(plots)),
            section("Settings one by one", _beside(slices)),
            section("Trials", _trials(result)),
            f'<script type="application/json" id="plots">{_data(plots)}</script>',
        ]
    )
    title = f"Study {result.study_name}"
    return document(title, [CHOSEN_HERE, NOTICE], body, [get_plotlyjs(), DRAWS])


def _beside(names: Sequence[str]) -> str:
    return f'<div class="figures">{"".join(map(_place, names))}</div>'


def _wide(plots: dict[str, Plot]) -> str:
    axes = len(plots["parallel_coordinates"]["data"][0]["x"])
    place = _place("parallel_coordinates", f"min-width: {AXIS_WIDTH * axes}px")
    return f'<div class="wide">{place}</div>'


def _place(name: str, style: str = "") -> str:
    styled = f' style="{style}"' if style else ""
    return f'<div class="plot" id="plot-{escape(name)}"{styled}></div>'


def _data(plots: dict[str, Plot]) -> str:
    # No text of a trial may end the element it stands in.
    return json.dumps(plots, allow_nan=False).replace("<", "\\u003c")


def _trials(result: StudyResult) -> str:
    settings = [name for name in result.settings if name in result.trials]
    costs = [] if result.cost == "none" else [result.cost]
    head = [
        "trial",
        "state",
        "MAE",
        *costs,
        "epochs",
        "minutes",
        *map(short_name, settings),
    ]
    rows = [
        (
            trial["number"],
            _standing(trial, result),
            _number(trial["value"], ".2f"),
            *(_number(trial[cost], ",.4g") for cost in costs),
            trial["epochs"],
            _number(trial["seconds"] / 60, ".1f"),
            *(shown(trial[name]) for name in settings),
            trial[REASON],
        )
        for _, trial in _in_order(result.trials).iterrows()
    ]
    return table(head, rows)


def _standing(trial: "pd.Series[Any]", result: StudyResult) -> str:
    if trial["number"] == result.best_number:
        return "best"
    is_on_front = trial["number"] in {one.number for one in result.front}
    return "on the front" if is_on_front else str(trial["state"])


def _in_order(trials: pd.DataFrame) -> pd.DataFrame:
    """Return the completed trials, best first, then the others."""
    is_other = trials["state"] != "complete"
    return trials.assign(is_other=is_other).sort_values(["is_other", "value", "number"])


def _number(value: float, form: str) -> str:
    return "" if pd.isna(value) else format(value, form)
