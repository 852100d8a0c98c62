"""What the page says of a photo: its faces marked, and a panel for each, as HTML.

Pictures stand in the HTML itself, so that none of them becomes a file on this machine.
"""

import base64
import io
from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from agegender.config import ServiceLimits
from agegender.demo.plot import age_plot
from agegender.errors import DataError
from agegender.pages.markup import escape
from agegender.predict import Face, Photo, PhotoFaces, Predictor, annotate, read_photo

LIMITS: Final = ServiceLimits()
"""How large a photo the page takes: as large as the served model does."""

MAX_PANELS: Final = 24
"""Faces that get a panel of their own, the surest; more only lengthen the page."""

_PICTURE_SIDE: Final = 1600
_THUMBNAIL_SIDE: Final = 144
_JPEG_QUALITY: Final = 88


class Answering:
    """Answers photos for the page; safe across threads.

    Args:
        predictor: Finds the faces and tells their ages; from now on it keeps their
            distributions.
        model: What answers, as people know it.
    """

    def __init__(self, predictor: Predictor, model: str) -> None:
        predictor.keep_distribution = True
        self.predictor = predictor
        self.model = model

    def answer(self, photo: Photo) -> str:
        """Return what the page shows of a photo.

        Args:
            photo: Encoded as a rule.

        Returns:
            HTML: the photo with its faces marked and a panel a face, or one line that
            says why there are none.
        """
        try:
            pixels = read_photo(photo, LIMITS)
        except DataError as error:
            return complaint(str(error))
        (found,) = self.predictor.predict([pixels])
        if found.reason is not None:
            return complaint(_advice(found))
        shown = found.faces[:MAX_PANELS]
        panels = "".join(self._panel(pixels, face) for face in shown)
        return (
            f'<div class="answer" role="status">{_marked(pixels, found.faces)}'
            f'<p class="count">{escape(self._count(found))}</p>'
            f'<div class="panels">{panels}</div></div>'
        )

    def _count(self, found: PhotoFaces) -> str:
        told = len(found.faces)
        beyond = found.left_out + max(told - MAX_PANELS, 0)
        more = f"; {beyond:,} more are left out" if beyond else ""
        faces = "One face" if told == 1 else f"{told:,} faces, the surest first"
        return f"{faces}{more}. Answered by {self.model}."

    def _panel(self, pixels: NDArray[np.uint8], face: Face) -> str:
        unsure = " unsure" if face.abstained else ""
        return (
            f'<article class="panel{unsure}">{_portrait(pixels, face)}'
            f"<div><h3>{escape(headline(face))}</h3>"
            f"<p>{escape(self._likely(face))}</p></div>"
            f"{age_plot(face)}{_gender(face)}</article>"
        )

    def _likely(self, face: Face) -> str:
        share = f"{100 * self.predictor.interval:.4g} of 100"
        return (
            f"Likely {face.age_low:.0f} to {face.age_high:.0f}: "
            f"made to hold the noted age for {share} faces."
        )


def complaint(line: str) -> str:
    """Return one line that tells why there is no answer."""
    return f'<p class="complaint" role="alert">{escape(line)}</p>'


def headline(face: Face) -> str:
    """Return what is told of an age, or that it is not."""
    if "face" in face.abstained:
        return f"Perhaps no face (if one, about {face.age:.0f} years)"
    if "age" in face.abstained:
        return f"Too unsure to tell an age (about {face.age:.0f}?)"
    return f"Looks about {face.age:.0f} years old"


def gender_line(face: Face) -> str:
    """Return what is told of a gender, or that it is not."""
    told = f"{face.gender}, {face.gender_probability:.0%}"
    unsure = "gender" in face.abstained
    return f"Too unsure to tell a gender ({told}?)" if unsure else f"Perceived {told}"


def picture(photo: NDArray[np.uint8] | Image.Image, side: int) -> str:
    """Return a photo as the `src` of an image.

    Args:
        photo: uint8 (H, W, 3), RGB, or an RGB image.
        side: Longest side, pixels; larger photos are shrunk.
    """
    image = photo if isinstance(photo, Image.Image) else Image.fromarray(photo)
    image.thumbnail((side, side), Image.Resampling.LANCZOS)
    file = io.BytesIO()
    image.save(file, "JPEG", quality=_JPEG_QUALITY)
    return f"data:image/jpeg;base64,{base64.b64encode(file.getvalue()).decode()}"


def _advice(found: PhotoFaces) -> str:
    if found.error is not None:
        return found.error
    return (
        "No face found on this photo. Try one on which the face is larger, upright "
        "and seen from the front."
    )


def _marked(pixels: NDArray[np.uint8], faces: Sequence[Face]) -> str:
    source = picture(annotate(pixels, faces), _PICTURE_SIDE)
    words = "The photo, a box around each face with age, interval and gender"
    return f'<img class="marked" alt="{words}" src="{source}">'


def _portrait(pixels: NDArray[np.uint8], face: Face) -> str:
    """Cut a face out, with a little around it, to tell whose panel this is."""
    height, width = pixels.shape[:2]
    left, top, right, bottom = face.box
    around = 0.15 * max(right - left, bottom - top)
    x1, y1 = max(int(left - around), 0), max(int(top - around), 0)
    x2, y2 = min(int(right + around) + 1, width), min(int(bottom + around) + 1, height)
    source = picture(Image.fromarray(pixels[y1:y2, x1:x2]), _THUMBNAIL_SIDE)
    return f'<img class="portrait" alt="This face" src="{source}">'


def _gender(face: Face) -> str:
    share = 100 * face.male_probability
    words = f"Probability of male {share:.0f} per cent"
    return (
        f'<p class="gender">{escape(gender_line(face))}</p>'
        f'<div class="scale"><span>female</span>'
        f'<span class="track" role="img" aria-label="{words}">'
        f'<span class="mark" style="left: {share:.1f}%"></span></span>'
        f"<span>male</span></div>"
    )
