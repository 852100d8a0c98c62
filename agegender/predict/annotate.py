"""Faces drawn on their photo: a box each, with age, interval and gender.

Colours tell sure from doubtful answers, not women from men; both are told apart by
colour-blind eyes (Okabe & Ito), and doubtful labels end in a question mark besides.
Small photos are enlarged first, so that the letters are legible at any size.
"""

from collections.abc import Sequence
from functools import lru_cache
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from agegender.notice import NOTICE_SHORT
from agegender.predict.faces import Face
from agegender.predict.placing import Area, place

SURE: Final = (86, 180, 233)  # sky blue
DOUBTFUL: Final = (230, 159, 0)  # orange
INK: Final = (0, 0, 0)
PAPER: Final = (255, 255, 255)

MIN_SIDE: Final = 800  # pixels; smaller photos are enlarged
MIN_FACE: Final = 100  # pixels; photos of smaller faces are enlarged, where they may be
MAX_SIDE: Final = 3000  # pixels; but not beyond this
MIN_WIDTH: Final = 240  # pixels; narrower ones get a legend wider than they are

LEGEND: Final = (
    "Label: age in years (likely range), F female or M male with probability. "
    "Orange and ?: too unsure to be an answer. All " + NOTICE_SHORT + "."
)

_Font = ImageFont.FreeTypeFont | ImageFont.ImageFont


def annotate(
    photo: NDArray[np.uint8], faces: Sequence[Face], *, fit_faces: bool = False
) -> Image.Image:
    """Draw the faces on their photo, with a legend below it.

    Args:
        photo: uint8, (H, W, 3), RGB; not changed.
        faces: Faces found in that photo.
        fit_faces: Enlarge a photo also until its faces are large beside their
            labels. Else its size alone decides, as frames of a film need it.

    Returns:
        The picture; larger than the photo where that was small.
    """
    picture = Image.fromarray(photo)
    zoom = max(1.0, MIN_SIDE / max(picture.size))
    if fit_faces and faces:
        zoom = max(zoom, min(MIN_FACE / _usual_height(faces), _most(picture)))
    width, height = (max(1, round(side * zoom)) for side in picture.size)
    picture = picture.resize((width, height), Image.Resampling.BICUBIC)

    areas = [_area(face, zoom, picture.size) for face in faces]
    draw = ImageDraw.Draw(picture)
    line = max(2, round(max(picture.size) / 300))
    for face, area in zip(faces, areas, strict=True):
        _draw_box(draw, area, _colour(face), line)
    _draw_labels(draw, faces, areas, picture.size)
    return _with_legend(picture)


def _usual_height(faces: Sequence[Face]) -> float:
    return max(1.0, float(np.median([face.box[3] - face.box[1] for face in faces])))


def _most(picture: Image.Image) -> float:
    return MAX_SIDE / max(picture.size)


def _colour(face: Face) -> tuple[int, int, int]:
    return DOUBTFUL if face.abstained else SURE


def _wordings(face: Face) -> list[str]:
    """Return the label on one line and on two."""
    doubt = dict.fromkeys(face.abstained, "?")
    age = f"{face.age:.0f}{doubt.get('age', '')}"
    age += f" ({face.age_low:.0f}-{face.age_high:.0f})"
    gender = f"{face.gender[0].upper()}{doubt.get('gender', '')}"
    gender += f" {face.gender_probability:.2f}"
    if "face" in doubt:
        age = f"face? {age}"
    return [f"{age} {gender}", f"{age}\n{gender}"]


def _area(face: Face, zoom: float, size: tuple[int, int]) -> Area:
    """Return the box on the enlarged picture, cut off at its edges."""
    left, top, right, bottom = (edge * zoom for edge in face.box)
    width, height = size
    return Area(max(left, 0), max(top, 0), min(right, width), min(bottom, height))


def _draw_box(
    draw: ImageDraw.ImageDraw, area: Area, colour: tuple[int, int, int], line: int
) -> None:
    """Draw a coloured box on a black one, to be seen on any ground."""
    left, top, right, bottom = area
    corners = (left, top, max(right - 1, left), max(bottom - 1, top))
    draw.rectangle(corners, outline=INK, width=line + 2)
    inner = (left + 1, top + 1, max(right - 2, left + 1), max(bottom - 2, top + 1))
    draw.rectangle(inner, outline=colour, width=line)


def _draw_labels(
    draw: ImageDraw.ImageDraw,
    faces: Sequence[Face],
    areas: Sequence[Area],
    size: tuple[int, int],
) -> None:
    taken: list[Area] = []
    for face, area in zip(faces, areas, strict=True):
        for font_size in _font_sizes(area, size, len(areas)):
            font = ImageFont.load_default(font_size)
            wordings = _wordings(face)
            shapes = [_shape(draw, text, font) for text in wordings]
            found = place(area, shapes, taken, areas, size)
            if found is not None:
                number, spot = found
                _draw_label(draw, spot, wordings[number], font, _colour(face))
                taken.append(spot)
                break


def _font_sizes(area: Area, size: tuple[int, int], faces: int) -> list[int]:
    """Return sizes to try: by the face, within what suits the picture.

    The more faces there are, the smaller: whoever looks at a crowd looks closely.
    """
    least, most = max(12.0, max(size) / (72 + faces)), max(size) / 26
    wanted = min(max((area.bottom - area.top) / 8, least), most)
    smaller = 0.8 * wanted
    # The last where there is little room, as beside a face that fills a narrow photo.
    sizes = (wanted, smaller, min(smaller, least))
    return list(dict.fromkeys(round(size) for size in sizes))


def _shape(draw: ImageDraw.ImageDraw, text: str, font: _Font) -> tuple[int, int]:
    left, top, right, bottom = draw.multiline_textbbox((0, 0), text, font, spacing=2)
    margin = 2 * _margin(font)
    return round(right - left) + margin, round(bottom - top) + margin


def _margin(font: _Font) -> int:
    return max(2, round(getattr(font, "size", 10) / 6))


def _draw_label(
    draw: ImageDraw.ImageDraw,
    spot: Area,
    text: str,
    font: _Font,
    colour: tuple[int, int, int],
) -> None:
    left, top, right, bottom = spot
    draw.rectangle((left, top, right - 1, bottom - 1), fill=colour, outline=INK)
    margin = _margin(font)
    # Letters begin a little right of and below the point that they are drawn at.
    aside, below, *_ = draw.multiline_textbbox((0, 0), text, font, spacing=2)
    start = (left + margin - aside, top + margin - below)
    draw.multiline_text(start, text, fill=INK, font=font, spacing=2)


def _with_legend(picture: Image.Image) -> Image.Image:
    """Add a white strip below the picture that says how to read it."""
    strip = _legend(picture.size)
    whole = Image.new("RGB", (strip.width, picture.height + strip.height), PAPER)
    whole.paste(picture)
    whole.paste(strip, (0, picture.height))
    return whole


@lru_cache(maxsize=8)
def _legend(size: tuple[int, int]) -> Image.Image:
    """Draw the strip below pictures of a size: once, for all frames of a film."""
    width = max(size[0], MIN_WIDTH)
    font = ImageFont.load_default(max(11, round(min(max(size) / 60, width / 20))))
    margin = 2 * _margin(font)
    draw = ImageDraw.Draw(Image.new("RGB", (1, 1)))
    text = _wrapped(draw, LEGEND, font, width - 2 * margin)
    bottom = draw.multiline_textbbox((0, 0), text, font=font)[3]
    strip = Image.new("RGB", (width, int(bottom) + 2 * margin), PAPER)
    ImageDraw.Draw(strip).multiline_text((margin, margin), text, fill=INK, font=font)
    return strip


def _wrapped(draw: ImageDraw.ImageDraw, text: str, font: _Font, width: float) -> str:
    lines = [""]
    for word in text.split():
        longer = f"{lines[-1]} {word}".strip()
        if lines[-1] and draw.textlength(longer, font=font) > width:
            lines.append(word)
        else:
            lines[-1] = longer
    return "\n".join(lines)
