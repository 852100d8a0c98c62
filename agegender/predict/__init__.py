"""From photos to faces with an apparent age and gender, and to what users read."""

from agegender.predict.annotate import annotate
from agegender.predict.annotated_folder import AnnotatedFolder
from agegender.predict.answers import Answers
from agegender.predict.columns import COLUMNS
from agegender.predict.faces import Face, PhotoFaces
from agegender.predict.finding import find_photos
from agegender.predict.photos import Photo, read_photo
from agegender.predict.predictor import Predictor
from agegender.predict.tables import to_json, to_table

__all__ = [
    "COLUMNS",
    "AnnotatedFolder",
    "Answers",
    "Face",
    "Photo",
    "PhotoFaces",
    "Predictor",
    "annotate",
    "find_photos",
    "read_photo",
    "to_json",
    "to_table",
]
