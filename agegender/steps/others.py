"""A report's figures beside those on data sets that the model did not learn from."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal

from agegender.errors import ConfigError, DataError
from agegender.progress import Progress
from agegender.steps.answering import require_fit
from agegender.steps.card import name_of, plain_name

if TYPE_CHECKING:
    import pandas as pd

    from agegender.data.store import FaceStore
    from agegender.evaluate.cross_data import Measured
    from agegender.evaluate.report import Report
    from agegender.model.network import Network
    from agegender.tracking.run import Run
    from agegender.tracking.version import Version

OthersSplit = Literal["test", "all"]
SECTION = "other_data"


def was_trained_on(network: "Network", store: "FaceStore") -> bool | None:
    """Tell whether a network learnt from a store; None where it does not say.

    Content counts, not the name: a copy is the same store, and one that was prepared
    anew by other rules is not.
    """
    known: str | None = network.metadata.get("store")
    return None if known is None else known == store.manifest.content_hash


def require_comparable(
    version: "Version",
    network: "Network",
    store: "FaceStore",
    others: Sequence["FaceStore"],
) -> None:
    """Refuse further stores whose figures could not stand beside a store's.

    Raises:
        ConfigError: If two stores are called alike, or would be in the run.
        ModelError: If a store's faces were cut by another rule.
    """
    stores = (store, *others)
    if len({plain_name(one) for one in stores}) < len(stores):
        names = ", ".join(name_of(one) for one in stores)
        raise ConfigError(f"stores to compare need different names. Received: {names}.")
    for other in others:
        require_fit(network, version, other)


def beside_others(
    network: "Network",
    store: "FaceStore",
    report: "Report",
    split: str,
    others: Sequence["FaceStore"],
    others_split: OthersSplit,
    progress: Progress,
) -> "Report":
    """Add a table of a version's figures on other stores to its report.

    Args:
        network: The version's.
        store: The store of the report.
        report: On the split of that store.
        split: Its name.
        others: Further stores, as `require_comparable` lets them pass.
        others_split: Which of their faces.
        progress: Called as faces are answered.

    Returns:
        The report with a section `other_data`.

    Raises:
        DataError: If a store has no faces to measure on.
    """
    from dataclasses import replace

    from agegender.evaluate.baseline import trivial_guess
    from agegender.evaluate.cross_data import Measured, cross_data

    trained = store.labels.iloc[store.rows("train")]
    own = Measured(name_of(store), split, report.answers)
    measured = [
        _on_other(network, one, others_split, trained, progress) for one in others
    ]
    table = cross_data(
        [own, *measured],
        network.calibration,
        trivial_guess(trained),
        report.resampling,
    )
    return replace(report, sections={**report.sections, SECTION: table})


def _on_other(
    network: "Network",
    store: "FaceStore",
    split: OthersSplit,
    trained: "pd.DataFrame",
    progress: Progress,
) -> "Measured":
    import numpy as np

    from agegender.evaluate.answers import pair
    from agegender.evaluate.asking import ask
    from agegender.evaluate.cross_data import Measured

    rows = np.arange(len(store)) if split == "all" else store.rows(split)
    labels = store.labels.iloc[rows]
    known = labels["identity"].isin(set(trained["identity"])).to_numpy()
    if {"digest"} <= set(labels) & set(trained):  # the same photo by another name
        known = known | labels["digest"].isin(set(trained["digest"])).to_numpy()
    if was_trained_on(network, store):  # the report is of another than its own
        known = known | labels["split"].isin(_learnt(network)).to_numpy()
    fresh = rows[~known]
    if len(fresh) == 0:
        raise DataError(
            f"{store.path} has no {split} faces of people that the model was not "
            "trained on. Name another store, take --others-split all, or, if they are "
            "others who are called alike, give its input a name in prep --inputs."
        )
    answered = ask(network, store, fresh, progress)
    answers = pair(*answered, labels[~known], network.point)
    return Measured(name_of(store), split, answers, int(known.sum()))


def _learnt(network: "Network") -> list[str]:
    """Return the splits of its store that a network learnt from."""
    refit = "refit_of" in network.metadata
    return ["train", "validation"] if refit else ["train"]


def log_others(
    run: "Run", version: "Version", report: "Report", others: Sequence["FaceStore"]
) -> None:
    """Log the figures on other stores to a version's run, linked to each store."""
    table = report.sections[SECTION].table
    rows = {row["data"]: row for row in table.iloc[1:].to_dict(orient="records")}
    for store in others:
        row = rows[name_of(store)]
        split = row["split"]
        whole = split == "all"
        data = run.log_dataset(
            name=f"{name_of(store)}-{split}",
            digest=store.manifest.content_hash if whole else store.split_hash(split),
            source=store.path,
            context="test",
            rows=row["faces"],
        )
        told = {
            f"{plain_name(store)}/{name}": row[name]
            for name in _figures(report)
            if row[name] == row[name]  # NaN is not itself
        }
        run.log_metrics(told, model_id=version.model_id, data=data)


def _figures(report: "Report") -> list[str]:
    """Return the columns that are figures of the model."""
    columns = report.sections[SECTION].table.columns
    return [name.removesuffix("_low") for name in columns if name.endswith("_low")]
