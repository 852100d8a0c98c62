"""Small pictures of parts of a photo: each pixel the mean of what it covers."""

import numpy as np

from agegender.resizing import Picture, Pixels

Box = tuple[int, int, int, int]


class Photo:
    """A photo of which many small pictures are wanted.

    Args:
        pixels: uint8, (H, W, 3), RGB.
    """

    def __init__(self, pixels: Pixels) -> None:
        self.height, self.width = pixels.shape[:2]
        self._pixels = pixels
        self._picture = Picture(pixels)

    def shrunk(self, width: int, height: int) -> Pixels:
        """Return the whole of it.

        Args:
            width: Of the result, in pixels, above 0.
            height: The same.

        Returns:
            uint8, (height, width, 3).
        """
        whole = (0, 0, self.width, self.height)
        return self._picture.part(whole, width, height, "box")

    def cut(self, box: Box, side: int) -> Pixels:
        """Return a rectangle of it as a square; beyond the photo is black.

        Args:
            box: Left, top, right, bottom in pixels, ends exclusive.
            side: Of the result, in pixels.

        Returns:
            uint8, (side, side, 3).
        """
        left, top, right, bottom = box
        if min(left, top) >= 0 and right <= self.width and bottom <= self.height:
            return self._picture.part(box, side, side, "box")
        patch = np.zeros((bottom - top, right - left, 3), np.uint8)
        rows = slice(max(top, 0), max(min(bottom, self.height), 0))
        columns = slice(max(left, 0), max(min(right, self.width), 0))
        inside = self._pixels[rows, columns]
        down, across = rows.start - top, columns.start - left
        height, width = inside.shape[:2]
        patch[down : down + height, across : across + width] = inside
        whole = (0, 0, right - left, bottom - top)
        return Picture(patch).part(whole, side, side, "box")
