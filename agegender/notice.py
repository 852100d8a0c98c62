"""What every user is told beside an answer, in one place."""

from typing import Final

NOTICE: Final = (
    "Ages and genders are apparent: guesses of what the annotators of the training "
    "data would have written, and they knew two genders. Not for identifying people, "
    "not for decisions about a person (access, employment, credit, policing), "
    "and no proof of age."
)
"""For people: under tables, in documents, on pages."""

NOTICE_SHORT: Final = (
    "apparent; not for identification, decisions about a person or proof of age"
)
"""For one field of a row."""

NOTICE_PICTURES: Final = (
    "This page shows photos of people who were not asked, under the terms of the "
    "sources named below. Keep it with the data, and do not publish it. Labels are "
    "as perceived or crawled, some are wrong, and their two genders do not tell how "
    "anybody sees themselves."
)
"""For people, where pictures of a data set are shown."""
