"""MATLAB v5 files, as far as faces come in them.

IMDB-WIKI's metadata is one struct of columns; the original experiment's database is
a few plain arrays, one of them of two gigabytes. SciPy reads these files too, but a
damaged one can end its process, and it makes an array of each cell of every field
and holds every array whole. Here only what is asked for is read, every length is
checked against the bytes there are, and the rest is an error.

Reference: MathWorks, "MAT-File Format", chapter on level 5.
"""

from agegender.data.matlab.buffer import MatlabError
from agegender.data.matlab.structs import Struct, read_struct
from agegender.data.matlab.variables import Variable, list_variables

__all__ = ["MatlabError", "Struct", "Variable", "list_variables", "read_struct"]
