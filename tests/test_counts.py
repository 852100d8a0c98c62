import pytest

from agegender.counts import counted


@pytest.mark.parametrize(
    ("number", "faces", "people"),
    [
        (0, "0 faces", "0 people"),
        (1, "1 face", "1 person"),
        (2, "2 faces", "2 people"),
        (21, "21 faces", "21 people"),
        (1234, "1,234 faces", "1,234 people"),
    ],
)
def test_one_is_told_in_the_singular_and_all_else_in_the_plural(
    number: int, faces: str, people: str
) -> None:
    assert counted(number, "face") == faces
    assert counted(number, "person", "people") == people
