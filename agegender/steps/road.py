"""The whole road in one process, on drawn faces: `main`."""

import os
from pathlib import Path
from typing import Any

from agegender.config import Experiment
from agegender.errors import GateRefusedError
from agegender.notice import NOTICE
from agegender.progress import Progress, silent
from agegender.steps.data_page import log_store
from agegender.steps.faces import prep, sample
from agegender.steps.judging import evaluate
from agegender.steps.outcome import Outcome
from agegender.steps.prediction import predict
from agegender.steps.promotion import promote
from agegender.steps.training import train

SIZE = 48
"""Side of the drawn faces, in pixels: enough for them, and quick."""


def main(
    experiment: Experiment,
    out: str = "stores/demo",
    faces: int = 3000,
    seed: int = 0,
    progress: Progress = silent,
) -> Outcome:
    """Walk the whole road once, on faces drawn for it.

    Args:
        experiment: What to train, such as experiments/drawn_faces.yaml.
        out: Folder for the archive, the store and the annotated photos.
        faces: Rows of the drawn archive.
        seed: Of the drawing.
        progress: Called throughout.

    Returns:
        What was kept, measured, promoted and predicted.
    """
    from agegender.data.store import FaceStore

    folder, begun = Path(out), os.environ.get("MLFLOW_RUN_ID")
    drawn = sample(str(folder), faces=faces, seed=seed, progress=progress).data
    store = str(folder / "store")
    funnel = prep(
        "sample", out=store, archive=drawn["archive"], size=SIZE, progress=progress
    ).data
    trained = train(store, experiment=experiment, progress=progress).data
    if trained["run_id"] != begun:  # else prep has logged it there
        log_store(FaceStore.open(store), trained["run_id"])
    uri = f"models:/agegender/{trained['version']}"
    report = evaluate(uri, store, progress=progress).data
    gate = _promoted(store, trained["version"], progress)
    annotated = folder / "annotated"
    predicted = predict(
        [drawn["photos"]], model=uri, annotated=str(annotated), progress=progress
    ).data
    data = {
        "funnel": funnel,
        "training": trained,
        "metrics": report["metrics"],
        "gate": gate,
        "annotated": [str(path) for path in sorted(annotated.glob("*.jpg"))],
        "photos": predicted["photos"],
    }
    return Outcome(data, _table(data))


def _promoted(store: str, version: int, progress: Progress) -> str:
    """Promote, or say why not: a second demo need not beat the first."""
    try:
        return promote(store, version=version, progress=progress).text
    except GateRefusedError as refusal:
        return str(refusal)


def _table(data: dict[str, Any]) -> str:
    funnel, metrics = data["funnel"], data["metrics"]
    dropped = ", ".join(f"{n} {rule}" for rule, n in funnel["dropped"].items() if n)
    mae, gender = metrics["mean_absolute_error"], metrics["gender_accuracy"]
    found = sum(len(photo["faces"]) for photo in data["photos"])
    rows = {
        "rows": f"{funnel['read']} read, {funnel['kept']} kept ({dropped})",
        "test MAE": f"{_interval(mae, '.2f')} years; "
        f"constant guess {mae['baseline']:.2f}",
        "gender": f"{_interval(gender, '.1%')} right; "
        f"majority {gender['baseline']:.1%}",
        "registry": data["gate"],
        "photos": f"{found} faces on {len(data['photos'])} photos",
        "picture": str(next(iter(data["annotated"]), "none")),
        "look": "make ui      (runs, curves, figures, the registered model)",
    }
    lines = [f"  {name:<10}{text}" for name, text in rows.items()]
    return "\n".join(["", *lines, "", NOTICE])


def _interval(estimate: dict[str, float | None], form: str) -> str:
    value, low, high = (estimate[name] for name in ("value", "low", "high"))
    if low is None:
        return f"{value:{form}} (one person)"
    return f"{value:{form}} [{low:{form}}, {high:{form}}]"
