"""The page itself: what stands where, and what happens on a drop or a click."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import gradio as gr

from agegender.demo.answer import Answering, complaint
from agegender.demo.samples import buttons, draw_samples
from agegender.demo.uploads import take
from agegender.errors import DataError
from agegender.notice import NOTICE

TITLE: Final = "How old does a face look?"
_AT_ONCE: Final = 2
"""Photos answered at the same time; further ones wait in line."""

_WAITING: Final = 32
"""Photos that may wait; a further one is turned away."""

_ON_CLICK: Final = """
element.addEventListener('click', event => {
  const button = event.target.closest('button[data-number]');
  if (button) trigger('click', {number: Number(button.dataset.number)});
});
"""

_LOOK: Final = """
() => document.querySelector('.answer, .complaint')?.scrollIntoView({block: 'nearest'})
"""
"""On a phone the answer is below what was clicked."""

_SWEEP_SECONDS: Final = (60, 60)
"""How often, and from which age on, uploads that nobody asked about are removed."""


def draw_page(answering: Answering, uploads: Path, card: str | None) -> gr.Blocks:
    """Lay the page out.

    Args:
        answering: What answers.
        uploads: Folder that uploads lie in.
        card: The model's card, Markdown; None where there is none.
    """
    samples = draw_samples()

    def answer_upload(upload: Any) -> tuple[None, str]:
        try:
            return None, answering.answer(take(upload, uploads))
        except DataError as error:
            return None, complaint(str(error))

    def answer_sample(event: gr.EventData) -> str:
        return answering.answer(samples[event.number].photo)

    page = gr.Blocks(analytics_enabled=False, title=TITLE, delete_cache=_SWEEP_SECONDS)
    with page:
        gr.Markdown(f"# {TITLE}")
        gr.Markdown(NOTICE, elem_classes="notice")
        with gr.Row():
            with gr.Column(scale=2, min_width=280):
                photo = _photo()
                gr.Markdown("Or one of these. Nobody is on them: they are drawn.")
                drawn = gr.HTML(buttons(samples), js_on_load=_ON_CLICK)
            with gr.Column(scale=3, min_width=280):
                shown = gr.HTML(_WELCOME)
        gr.Markdown(limits(answering))
        if card is not None:
            with gr.Accordion("The model's card", open=False):
                gr.Markdown(card, elem_classes="card")
        # Gradio would decode the photo itself, with limits of its own.
        _answer(photo.input, answer_upload, photo, [photo, shown], preprocess=False)
        _answer(drawn.click, answer_sample, None, shown)
    page.queue(max_size=_WAITING)
    return page


def _photo() -> gr.Image:
    return gr.Image(
        label="A photo",
        sources=["upload", "webcam", "clipboard"],
        type="filepath",
        image_mode=None,
        height=280,
        buttons=[],
        webcam_options=gr.WebcamOptions(mirror=False),
    )


def _answer(
    event: Any, function: Callable[..., Any], given: Any, out: Any, **options: Any
) -> None:
    answered = event(
        function,
        given,
        out,
        api_name=function.__name__.removeprefix("answer_"),
        concurrency_limit=_AT_ONCE,
        show_progress="minimal",
        **options,
    )
    answered.then(None, js=_LOOK)


_WELCOME: Final = (
    '<p class="count">The answer stands here: the photo with its faces marked, and '
    "of each face how likely every age is.</p>"
)


def limits(answering: Answering) -> str:
    """Return what the answers are worth, in plain words, as Markdown."""
    predictor = answering.predictor
    fitted = predictor.network.calibration
    share = f"{100 * predictor.interval:.4g} of 100"
    trust = (
        f"The shaded range was set on {fitted.faces:,} faces so that it holds the "
        f"noted age of {share}. On other cameras, in other light, and on people whom "
        "the model saw few of, it holds fewer."
        if fitted.has_intervals
        else f"The shaded range spans {share} of the model's own belief, which nobody "
        "has checked against faces: do not rely on it."
    )
    size = predictor.network.crop_rule.size
    return f"""### How far to trust it

- **The answer is a guess of how old a face looks**, from {size} x {size} pixels of \
it. It cannot know how old anybody is, and being off by several years is usual.
- {trust}
- **Orange means too unsure to be an answer**: the range is wider than \
{predictor.abstain.age_interval:g} years, the likelier gender stays below \
{predictor.abstain.gender_probability:.0%}, or it may be no face at all.
- It knows **two genders**, as others wrote them down. It does not know how anybody \
sees themselves, and is wrong most often about children.
- Such models tend to guess old people younger than they are, and small, dark, blurred \
or turned faces come out badly.
- **Nothing is kept, and nothing leaves this machine**: a photo is read, its file is \
removed, and the answer is on this page only.

Answered by **{answering.model}**.
"""
