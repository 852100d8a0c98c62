"""Numbers of things, as people say them."""


def counted(number: int, one: str, many: str = "") -> str:
    """Return how many there are of what: `1 face`, `2,000 faces`, `0 people`.

    Args:
        number: How many.
        one: What one of them is called.
        many: What several are called, where that is not `one` with an s.
    """
    return f"{number:,} {one if number == 1 else many or f'{one}s'}"
