"""From a version to a report: `evaluate`."""

import json
import math
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from agegender.counts import counted
from agegender.errors import DataError
from agegender.progress import Progress, silent
from agegender.steps.answering import (
    answers_of,
    network_of,
    report_of,
    version_of,
)
from agegender.steps.card import name_of, named_split, plain_name
from agegender.steps.others import (
    OthersSplit,
    beside_others,
    log_others,
    require_comparable,
    was_trained_on,
)
from agegender.steps.outcome import Outcome

if TYPE_CHECKING:
    from agegender.data.store import FaceStore
    from agegender.evaluate.report import Report
    from agegender.model.network import Network
    from agegender.tracking.version import Version

Split = Literal["train", "validation", "test"]


def evaluate(
    model: str,
    store: str,
    split: Split = "test",
    against: str | None = None,
    others: list[str] | None = None,
    others_split: OthersSplit = "test",
    out: str | None = None,
    progress: Progress = silent,
) -> Outcome:
    """Measure a model on a split of a face store.

    Args:
        model: models:/agegender@alias, models:/agegender/3, a .onnx file, `starter`,
            or a .keras file: what it would be exported as, if its faces were cut as
            the store's, without calibration.
        store: Face store, as prep writes it.
        split: Faces to measure on.
        against: Another model to compare it with, face by face.
        others: Further face stores, of other data, for one table beside the report.
        others_split: Their faces: `test`, or `all` where the model saw none of them;
            people in the training split of the first store are left out anyway, that
            is, identities and photos: where two tables number their people 1, 2, 3,
            one of them needs a `name` in prep --inputs.
        out: Folder that gets report.html, to read, and report.json, besides what is
            logged to the model's run.
        progress: Called as faces are answered.

    Returns:
        Every measure with its interval and the trivial guess's.
    """
    from agegender.data.splits import LEAKING
    from agegender.data.store import FaceStore
    from agegender.tracking.store import use_tracking_store

    faces = FaceStore.open(store)
    further = [FaceStore.open(one) for one in others or ()]
    place = None if out is None else _place(Path(out))
    use_tracking_store()
    version = version_of(model)
    network = network_of(version, faces)
    # Whatever cannot be compared is said before the faces are answered.
    require_comparable(version, network, faces, further)
    rival = None if against is None else version_of(against)
    rivals = rival and network_of(rival, faces)
    report = report_of(network, faces, split, progress)
    if rival and rivals:
        report = _beside(rival, rivals, report, faces, split, progress)
    if further:
        report = beside_others(
            network, faces, report, split, further, others_split, progress
        )
    leak = f"\n{LEAKING}" if faces.manifest.split_rules.leak else ""
    told = counted(report.faces, "face")
    heading = f"{version.uri} on {told} ({faces.path}, {split})"
    data = {
        "model": version.uri,
        "data": named_split(faces, split),
        "split": split,
        "split_by": faces.manifest.split_rules.by,
        **report.to_dict(),
    }
    title = f"{version.uri}, {split} faces of {name_of(faces)}{leak and ', leaking'}"
    files = _files(report, title, data, leak.strip())
    text = f"{heading}{leak}\n\n{report.to_text()}"
    # First what was asked for: the run may be gone, or its store away.
    if place is not None:
        text += f"\nlook at {_written(files, place)}\n"
    if version.run_id is not None:
        prefix = _prefix(version, network, faces, split)
        _record(version, version.run_id, report, files, faces, split, further, prefix)
    return Outcome(data, text)


def _beside(
    rival: "Version",
    network: "Network",
    report: "Report",
    store: "FaceStore",
    split: str,
    progress: Progress,
) -> "Report":
    """Add the comparison with another version to a report."""
    from agegender.evaluate.answers import pair
    from agegender.evaluate.versus import versus

    answered = answers_of(network, store, split, progress)
    others = pair(*answered, store.labels.iloc[store.rows(split)], network.point)
    section = versus(report.answers, others, rival.uri, report.resampling)
    return replace(report, sections={**report.sections, "against": section})


def _files(
    report: "Report", title: str, data: dict[str, Any], warning: str
) -> dict[str, str]:
    """Return what is kept of a report, by the ends of the files' names."""
    from agegender.pages.report_page import draw_report_page

    page = draw_report_page(report, title, warning)
    return {"html": page, "json": json.dumps(data, indent=2, allow_nan=False) + "\n"}


def _place(folder: Path) -> Path:
    """Make the folder of a report; whatever is there that is no report of ours stays.

    Raises:
        DataError: If it cannot be made, or holds a file that would have to go.
    """
    from agegender.pages.write import require_ours

    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise DataError(
            f"{folder} cannot be made: {error.strerror or error}. Name another --out."
        ) from error
    page, data = folder / "report.html", folder / "report.json"
    require_ours(page)
    if data.exists() and not page.exists():  # Ours are written after their page.
        raise DataError(f"{data} is no report of ours; it stays. Move it away.")
    return folder


def _written(files: dict[str, str], folder: Path) -> Path:
    from agegender.pages.write import write_page, write_text

    page = write_page(files["html"], folder / "report.html")
    write_text(files["json"], folder / "report.json")
    return page


def _record(
    version: "Version",
    run_id: str,
    report: "Report",
    files: dict[str, str],
    store: "FaceStore",
    split: str,
    further: list["FaceStore"],
    prefix: str,
) -> None:
    """Log a report to the version's run and link it to the version."""
    from agegender.tracking.registry import tag_version
    from agegender.tracking.runs import reopened_run

    with reopened_run(run_id) as run:
        data = run.log_dataset(
            name=f"{name_of(store)}-{split}",
            digest=store.split_hash(split),
            source=store.path,
            context=split,
            rows=report.faces,
        )
        values = {name: e.value for name, e in report.metrics.items()}
        if report.gender_calibration_error is not None:
            values["gender_calibration_error"] = report.gender_calibration_error
        run.log_metrics(
            {f"{prefix}{split}_{name}": value for name, value in values.items()},
            model_id=version.model_id,
            data=data,
        )
        if further:
            log_others(run, version, report, further)
        for end, text in files.items():
            run.log_text(text, f"evaluation/{prefix}{split}.{end}")
        for name, figure in report.figures().items():
            run.log_figure(figure, f"evaluation/{prefix}{split}_{name}.png")
    if version.number is not None:
        tags = {**_tags(report), "data": named_split(store, split)}
        tag_version(version, {f"{prefix}{split}_{k}": v for k, v in tags.items()})


def _prefix(
    version: "Version", network: "Network", store: "FaceStore", split: str
) -> str:
    """Return what stands before the names of a report's figures and files.

    The store that the network was trained on has the plain names, whenever it is
    measured; any other is told by its own, as with `--others`. Of a network that does
    not say, such as one of imported weights, the faces measured first have them.
    """
    own = was_trained_on(network, store)
    if own is None:
        own = version.tags.get(f"{split}_data") in {None, named_split(store, split)}
    return "" if own else f"{plain_name(store)}/"


def _tags(report: "Report") -> dict[str, str]:
    def shown(name: str) -> str:
        # A word where there is no figure: one of an earlier split must not stay.
        if name not in report.metrics:
            return "not measured"
        e = report.metrics[name]
        if not math.isfinite(e.high):
            return f"{e.value:.3f} (one person)"
        return f"{e.value:.3f} [{e.low:.3f}, {e.high:.3f}]"

    # Short names: the registry's page shows a dozen characters of each.
    return {
        "mae": shown("mean_absolute_error"),
        "cs5": shown("cs_at_5"),
        "gender": shown("gender_accuracy"),
    }
