"""Drawn faces, for trying the whole road on a machine that has no data.

Nobody's photo: every picture is made of curves and numbers. Age and gender show in
them, but each sign of either overlaps and misleads now and then, as in life.
"""

from agegender.data.sample.photos import example_photo
from agegender.data.sample.writer import SamplePaths, write_sample

__all__ = ["SamplePaths", "example_photo", "write_sample"]
