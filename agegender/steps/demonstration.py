"""A page to try a model on: `demo`."""

import re
import webbrowser
from importlib.util import find_spec
from threading import Thread
from typing import Literal

from agegender.config import AbstainRules
from agegender.errors import ConfigError
from agegender.progress import Progress, silent
from agegender.steps.exporting import CARD
from agegender.steps.loading import AUTO, Found, digest_of, find_network, predictor_of
from agegender.steps.outcome import Outcome


def demo(
    model: str = AUTO,
    detector: Literal["mtcnn", "none"] = "mtcnn",
    interval: float = 0.9,
    abstain: AbstainRules = AbstainRules(),
    port: int = 7860,
    open: bool = True,  # noqa: A002 - the option is called so
    progress: Progress = silent,  # noqa: ARG001 - a step has one
) -> Outcome:
    """Show a page on this machine to try a model on photos or the camera.

    Args:
        model: models:/agegender@alias, models:/agegender/3, an .onnx or .keras file,
            a folder that holds one, `starter` (the small model that comes with
            agegender), or `auto`: the champion where there is one, else the starter.
        detector: `none` where each photo is a ready crop of one face.
        interval: Share of faces, above 0 and below 1, whose age is to lie in its
            interval.
        abstain: When an answer is too unsure to be one.
        port: Where the page is, on 127.0.0.1; 0 for any that is free.
        open: Open the page in the browser.
        progress: Not called.

    Returns:
        Nothing much, once the page is ended.

    Raises:
        ConfigError: If Gradio is not installed, or the port cannot be had.
    """
    if find_spec("gradio") is None:
        raise ConfigError(
            "the page needs Gradio, which is not installed. Install it: "
            'pip install "agegender[demo]".'
        )
    from agegender.demo import Answering, draw_page, open_port, serve

    listening = open_port(port)
    found = find_network(model)
    predictor = predictor_of(found, detector, interval, abstain, "onnxruntime")
    answering, card = Answering(predictor, found.name), card_beside(found)
    address = f"http://127.0.0.1:{listening.getsockname()[1]}"
    # Flushed, since whoever reads it through a pipe waits for it.
    print(f"{address}  (Ctrl-C ends it)", flush=True)  # noqa: T201 - it stays
    if open:
        # Browsers of a terminal return when they are left, and wait for the page.
        Thread(target=webbrowser.open, args=(address,), daemon=True).start()
    serve(listening, lambda uploads: draw_page(answering, uploads, card))
    return Outcome({"address": address}, "ended")


def card_beside(found: Found) -> str | None:
    """Return the card that lies beside a network, unless it tells of another one.

    An export replaces the card of what was exported to the same folder before.
    """
    card = found.file.with_name(CARD)
    if not card.is_file():
        return None
    text = card.read_text("utf-8", "replace")
    told = re.search(r"^- sha256: ([0-9a-f]{64})$", text, re.MULTILINE)
    return text if told is None or told[1] == digest_of(found) else None
