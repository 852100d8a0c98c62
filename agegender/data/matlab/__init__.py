"""MATLAB v5 files, as far as IMDB-WIKI needs them: one struct of columns.

SciPy reads these files too, but a damaged one can end its process, and it makes an
array of each cell of every field. Here only the fields asked for are read, every
length is checked against the bytes there are, and the rest is an error.

Reference: MathWorks, "MAT-File Format", chapter on level 5.
"""

from agegender.data.matlab.buffer import MatlabError
from agegender.data.matlab.structs import Struct, read_struct

__all__ = ["MatlabError", "Struct", "read_struct"]
