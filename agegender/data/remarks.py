"""What Pillow remarks about other people's files, kept off standard error.

Notes beside a picture (EXIF) are often spoilt and change nothing of it; a picture
that is spoilt itself is an error, which says so. Pillow tells of both by warnings and
log entries, several a photo.
"""

import logging
import warnings
from functools import cache

from PIL import Image


@cache
def leave_out_remarks() -> None:
    """Drop what Pillow remarks about TIFF notes, JPEGs, PNGs and vast pictures.

    Filters are put behind all others, so that who asked for these warnings (`-W`)
    has them. They stay: to put them back after each photo is not safe among threads.
    """
    readers = r"PIL\.(Tiff|Jpeg|Png)ImagePlugin"
    warnings.filterwarnings("ignore", "", UserWarning, readers, append=True)
    # Our own limit of pixels is an error, and lower.
    warnings.simplefilter("ignore", Image.DecompressionBombWarning, append=True)
    # Without any handler, Python prints errors; the one of this logger is raised, too.
    logging.getLogger("PIL.TiffImagePlugin").addHandler(logging.NullHandler())
