"""How much of an archive is decoded, counted."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

PEOPLE, PHOTOS_EACH = 275, 4
"""Of the archive that the fixture `drawn` makes."""

CHUNKS = 5
"""In which its 1,100 photos are decoded."""


class Counting(ThreadPoolExecutor):
    """Counts the chunks that it is given."""

    submitted = 0

    def submit(self, *args: Any, **kwargs: Any) -> Any:
        self.submitted += 1
        return super().submit(*args, **kwargs)
