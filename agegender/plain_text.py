"""Text of others, such as names of files, that gives nobody orders."""

import re


def spelled_out(text: str, further: str) -> str:
    r"""Spell control characters out as `\x1b`, but for tabs and line breaks.

    Args:
        text: On Linux a name may be any bytes, which Python keeps as lone surrogates.
        further: Characters to be spelled out, too, as a pattern's set has them.
    """
    orders = rf"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f{further}]"
    return re.sub(orders, lambda one: one[0].encode("unicode_escape").decode(), text)
