"""From photos to faces with an apparent age and gender: `predict`."""

import sys
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from itertools import compress
from operator import not_
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, get_args

from agegender.config import AbstainRules, AnswerFormat, Runtime
from agegender.errors import ConfigError, DataError
from agegender.progress import Progress, silent
from agegender.steps.asked_photos import asked_photos
from agegender.steps.loading import AUTO, digest_of, find_network, predictor_of
from agegender.steps.outcome import Outcome

if TYPE_CHECKING:
    from agegender.predict import PhotoFaces
    from agegender.predict.predictor import Reader
    from agegender.predict.sinks import Sink
    from agegender.predict.tally import Tally


def predict(
    paths: list[str],
    model: str = AUTO,
    format: AnswerFormat | None = None,  # noqa: A002 - the option is called so
    out: str | None = None,
    annotated: str | None = None,
    detector: Literal["mtcnn", "none"] = "mtcnn",
    interval: float = 0.9,
    abstain: AbstainRules = AbstainRules(),
    recursive: bool = False,
    batch_size: int = 64,
    workers: int | None = None,
    runtime: Runtime = "onnxruntime",
    allow_urls: bool = False,
    progress: Progress = silent,
) -> Outcome:
    """Tell the apparent age and gender of the faces on photos.

    Args:
        paths: Photos, folders of photos, patterns such as `photos/*.jpg`, and `-` for
            a list on standard input, a path a line.
        model: models:/agegender@alias, models:/agegender/3, an .onnx or .keras file,
            a folder that holds one, `starter` (the small model that comes with
            agegender), or `auto`: the champion where there is one, else the starter.
        format: What is written; without it what --out ends in, else a table. parquet
            needs --out.
        out: File that gets the answers. As jsonl, csv and parquet, the same command
            goes on where it was stopped.
        annotated: Folder that gets a picture a photo, faces marked.
        detector: `none` where each photo is a ready crop of one face.
        interval: Share of faces, above 0 and below 1, whose age is to lie in its
            interval.
        abstain: When an answer is too unsure to be one: it gets a question mark.
        recursive: Search folders inside folders too.
        batch_size: Faces that the network is asked about at once.
        workers: Threads that read photos and find faces; without it one a core.
        runtime: What runs the network: `openvino`, an extra, computes in bfloat16
            where the processor can, in half the time.
        allow_urls: Fetch photos at http:// and https:// addresses, too.
        progress: Called after each photo.

    Returns:
        The faces of each photo; exit code 3 if no photo gave any.
    """
    from agegender.predict.photos import told_name
    from agegender.predict.predictor import require_workable
    from agegender.predict.sinks import sink_for
    from agegender.predict.tally import Tally

    form = _format(format, out)
    require_workable(batch_size, workers)
    pictures = None if annotated is None else Path(annotated)
    file = Path(out) if out else None
    photos = asked_photos(paths, recursive, allow_urls, form, file, pictures)
    found = find_network(model)
    predictor = predictor_of(found, detector, interval, abstain, runtime)
    predictor.reader = _reader(allow_urls)
    settings = {
        "model": found.name,
        "sha256": digest_of(found),
        "detector": detector,
        "interval": interval,
        "abstain": asdict(abstain),
        "runtime": runtime,
    }
    names = [told_name(photo) for photo in photos]
    with sink_for(form, file, settings, names) as sink:
        is_done = [name in sink.done for name in names]
        before = list(compress(names, is_done))
        left = list(compress(photos, map(not_, is_done)))
        tally = Tally(len(before), sink.faces)
        answers: Iterator[PhotoFaces] = predictor.predict(
            left, batch_size, workers, keep_pixels=annotated is not None
        )
        if pictures is not None:
            answers, tally.undrawn = _drawn(answers, pictures, before, workers)
        told = silent if _shares_terminal(sink) else progress
        # From here on time counts: answers come many at once.
        told(tally.done, len(photos), "reading photos")
        for answer in answers:
            sink.add(answer)
            tally.add(answer)
            told(tally.done, len(photos), "reading photos")
    return _outcome(found.name, out, sink, tally)


def _format(form: AnswerFormat | None, out: str | None) -> AnswerFormat:
    """Return the format asked for, or the one that a file's name asks for."""
    if form is None:
        ending = Path(out).suffix[1:].lower() if out else "table"
        form = next(
            (known for known in get_args(AnswerFormat) if known == ending), None
        )
    if form is None:
        raise ConfigError(
            f"--out ends in none of .jsonl, .csv, .parquet, .json: say which --format. "
            f"Received: {out}."
        )
    return form


def _reader(allow_urls: bool) -> "Reader":
    if not allow_urls:
        from agegender.predict.photos import content_of

        return content_of
    from agegender.predict.addresses import fetched_content

    return fetched_content


def _shares_terminal(sink: "Sink") -> bool:
    """Tell whether the answers scroll by where bars would be drawn."""
    from agegender.predict.sinks import Stream

    return isinstance(sink, Stream) and sys.stdout.isatty()


def _drawn(
    answers: Iterator["PhotoFaces"],
    folder: Path,
    before: Sequence[str],
    workers: int | None,
) -> tuple[Iterator["PhotoFaces"], int]:
    """Draw each answer before it is written: none in a file lacks its picture.

    Returns:
        The answers, and how many photos answered before have no picture.
    """
    from agegender.cores import usable_cores
    from agegender.predict import AnnotatedFolder

    pictures = AnnotatedFolder(folder)
    undrawn = sum(not pictures.name(name).exists() for name in before)
    return pictures.save_all(answers, workers or usable_cores()), undrawn


def _outcome(model: str, out: str | None, sink: "Sink", tally: "Tally") -> Outcome:
    from agegender.predict.sinks import Together

    data: dict[str, Any] = {"model": model, "counts": tally.counts()}
    text = tally.text(out) if out else ""
    if isinstance(sink, Together):
        data["photos"] = [answer.to_dict() for answer in sink.answers]
        text = text or sink.text()
    if tally.faces:
        return Outcome(data, text)
    first = tally.first
    which = f"; the first: {first.source}: {first.reason}" if first else ""
    complaint = f"no face on any photo{which}"
    return Outcome(data, text, exit_code=DataError.exit_code, complaint=complaint)
