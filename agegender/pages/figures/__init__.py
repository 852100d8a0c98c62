"""What a face store holds and what was dropped on the way, as figures."""

from agegender.pages.figures.ages import ages_by_gender, ages_by_split, ages_read
from agegender.pages.figures.funnel import funnel
from agegender.pages.figures.people import photos_per_person, years
from agegender.pages.figures.scores import face_scores, second_scores

__all__ = [
    "ages_by_gender",
    "ages_by_split",
    "ages_read",
    "face_scores",
    "funnel",
    "photos_per_person",
    "second_scores",
    "years",
]
