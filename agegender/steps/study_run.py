"""The run of a study: opened, gone on with, and what was found recorded in it."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from agegender.config import Experiment

if TYPE_CHECKING:
    from agegender.search import Space, StudyResult
    from agegender.tracking.run import Run


@contextmanager
def study_run(
    experiment: Experiment, space: "Space", storage: str, name: str, data: str
) -> Iterator["Run"]:
    """Open the study's run, or go on with the one that it began with.

    Args:
        experiment: What the study varies.
        space: What its trials draw.
        storage: Of studies, an address.
        name: Of the study.
        data: Content hash of the store.

    Yields:
        The run.
    """
    from agegender.search import study_record
    from agegender.tracking.killed import is_there
    from agegender.tracking.runs import continued_run, tracked_run
    from agegender.tracking.trials import STUDY_TAG

    def begin() -> str:
        with tracked_run(name, tags={STUDY_TAG: name}) as run:
            return run.id

    known = study_record(
        experiment,
        begin,
        is_there,
        storage=storage,
        study_name=name,
        data=data,
        space=space,
    )
    with continued_run(known) as run:
        yield run


def record(run: "Run", result: "StudyResult") -> None:
    """Log what the study found: figures, its page, its trials, the best settings."""
    from agegender.search.figures.page import draw_study_page
    from agegender.search.figures.pictures import study_figures
    from agegender.search.summary import summary, told_values
    from agegender.tracking.pages import trials_page

    for name, figure in study_figures(result).items():
        run.log_figure(figure, f"figures/{name}.png")
    run.log_text(draw_study_page(result), "study.html")
    run.log_text(result.trials.to_csv(index=False), "trials.csv")
    run.log_dict(result.best.to_dict(), "best.yaml")
    run.log_metrics({"best_val_age_mae": result.best_value})
    run.set_tags({"best_trial": result.best_number, "best_values": told_values(result)})
    # Within MLflow's pages, wherever they are served.
    trials = trials_page("", run.experiment_id, run.id).removeprefix("/")
    run.describe(
        f"{summary(result)}\n\nLook at `study.html` among the artifacts, and at "
        f"[the trials, best first]({trials})."
    )
