"""The page of a store: beside it, and in a run where one is under way."""

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from agegender.errors import AgeGenderError

if TYPE_CHECKING:
    from agegender.data.store import FaceStore
    from agegender.pages.store_page import StorePage
    from agegender.tracking.run import Run

FOLDER = "data"
"""Of the page and its figures, within a run."""


def show_store(store: "FaceStore") -> tuple[Path, AgeGenderError | None]:
    """Write the page of a store beside it, and log it where a run is under way.

    The store is whole by now, and stays so whatever goes wrong here.

    Args:
        store: Open.

    Returns:
        The page's path, and what went wrong.
    """
    from agegender.pages.store_page import draw_store_page, page_path
    from agegender.pages.write import write_page

    path = page_path(store.path)
    try:
        page = draw_store_page(store)
        write_page(page.html, path)
        if _may_be_tracked():
            from agegender.tracking.runs import run_at_hand

            with run_at_hand() as run:
                _log(page, path, run)
    except AgeGenderError as error:
        return path, error
    return path, None


def log_store(store: "FaceStore", run_id: str) -> None:
    """Log the page of a store to a run that has ended.

    Args:
        store: Open; its page lies beside it.
        run_id: MLflow's id of the run.
    """
    from agegender.pages.store_page import draw_store_page, page_path
    from agegender.tracking.runs import reopened_run

    with reopened_run(run_id) as run:
        _log(draw_store_page(store), page_path(store.path), run)


def _log(page: "StorePage", path: Path, run: "Run | None") -> None:
    if run is None:
        return
    run.log_file(path, FOLDER)
    for name, figure in page.figures.items():
        run.log_figure(figure, f"{FOLDER}/{name}.png")


def _may_be_tracked() -> bool:
    """Tell whether a run may be under way, without the seconds MLflow takes to load."""
    return "MLFLOW_RUN_ID" in os.environ or "mlflow" in sys.modules
