"""From scene to JPEG: background, light, lens and the losses of old cameras."""

from io import BytesIO

import numpy as np
from PIL import Image, ImageFilter


def background(rng: np.random.Generator, size: tuple[int, int]) -> Image.Image:
    """Return an out-of-focus RGB background.

    Args:
        rng: Source of chance.
        size: Width and height, pixels.
    """
    tone = rng.uniform(50, 210, 3)
    tone = tone + (tone.mean() - tone) * rng.uniform(0.5, 0.95)
    rough = rng.uniform(3, 34) * rng.normal(0, 1, (5, 5, 1)) + rng.normal(
        0, 5, (5, 5, 3)
    )
    small = Image.fromarray(np.clip(tone + rough, 0, 255).astype(np.uint8))
    return small.resize(size, Image.Resampling.BICUBIC)


def expose(image: Image.Image, rng: np.random.Generator) -> Image.Image:
    """Return the picture as some camera saw it: exposure, tint, blur and noise."""
    if rng.random() < 0.5:
        radius = rng.uniform(0.2, 0.007 * image.width)
        image = image.filter(ImageFilter.GaussianBlur(radius))
    gain = rng.uniform(0.9, 1.1) * rng.normal(1, 0.025, (3, 1))
    curve = 128 + (np.arange(256) - 128) * rng.uniform(0.82, 1.12)
    table = np.clip(curve * gain + rng.normal(0, 5), 0, 255).astype(int)
    image = image.point(table.ravel().tolist())
    shape = (image.height, image.width, 1)
    grain = rng.standard_normal(shape, dtype=np.float32) * rng.uniform(0.5, 5.0)
    noisy = np.asarray(image) + grain
    return Image.fromarray(np.clip(noisy, 0, 255).astype(np.uint8))


def end_photo(image: Image.Image, beyond: tuple[int, int, int, int]) -> Image.Image:
    """Return the picture with border pixels repeated where the photo ended.

    Args:
        image: RGB.
        beyond: Pixels beyond the photo on the left, top, right and bottom.
    """
    if not any(beyond):
        return image
    left, top, right, bottom = beyond
    inside = np.asarray(image)[top : image.height - bottom, left : image.width - right]
    around = ((top, bottom), (left, right), (0, 0))
    return Image.fromarray(np.pad(inside, around, mode="edge"))


def jpeg(image: Image.Image, quality: int) -> bytes:
    """Return an encoded picture.

    Args:
        image: RGB or greyscale.
        quality: 1..95.
    """
    encoded = BytesIO()
    image.save(encoded, format="JPEG", quality=quality)
    return encoded.getvalue()
