"""The few pieces of HTML that pages are made of.

Whatever comes from data passes through `escape` on its way into a page; only
parameters that are called `body` or `parts` are HTML already.
"""

import base64
import hashlib
import html
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

import numpy as np

from agegender.pages.look import STYLE
from agegender.plain_text import spelled_out

MADE_HERE: Final = '<meta name="generator" content="agegender">'
"""Marks our own pages, which may be replaced; any other file stays."""


def escape(value: object) -> str:
    """Return a value as text that means nothing but itself in HTML.

    Whole numbers get thousands separators; what cannot be encoded is spelled out.
    """
    if isinstance(value, int | np.integer) and not isinstance(value, bool):
        return f"{value:,}"
    return html.escape(_visible(str(value)), quote=True)


def no_html(text: str) -> str:
    """Return a text of others for Markdown, which may hold HTML."""
    return html.escape(_visible(text), quote=False)


def _visible(text: str) -> str:
    return spelled_out(text, r"\ud800-\udfff")


def paragraph(text: str) -> str:
    """Return a paragraph of plain text."""
    return f"<p>{escape(text)}</p>"


def table(head: Sequence[object], rows: Iterable[Sequence[object]]) -> str:
    """Return a table; the first cell of each row names it, numbers stand right."""
    heads = "".join(f'<th scope="col">{escape(cell)}</th>' for cell in head)
    lines = "".join(
        f'<tr><th scope="row">{escape(name)}</th>{"".join(map(_cell, cells))}</tr>'
        for name, *cells in rows
    )
    return (
        f'<div class="table"><table><thead><tr>{heads}</tr></thead>'
        f"<tbody>{lines}</tbody></table></div>"
    )


def listing(pairs: Mapping[str, object]) -> str:
    """Return names and their values, long ones broken where need be."""
    lines = "".join(
        f'<tr><th scope="row">{escape(name)}</th><td>{escape(value)}</td></tr>'
        for name, value in pairs.items()
    )
    return f'<div class="table"><table class="listing">{lines}</table></div>'


def section(title: str, *parts: str) -> str:
    """Return a section under a heading; empty where it would hold nothing."""
    body = "".join(parts)
    return f"<section><h2>{escape(title)}</h2>{body}</section>" if body else ""


def document(
    title: str, notice: Sequence[str], body: str, scripts: Sequence[str] = ()
) -> str:
    """Return a whole page.

    Args:
        title: Of the page.
        notice: Paragraphs that everybody shall read first.
        body: Sections.
        scripts: Run in turn once the page is there; nothing else on it can run.
    """
    told = "".join(map(paragraph, notice))
    run = "".join(f"<script>{script}</script>\n" for script in scripts)
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f"{MADE_HERE}\n"
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta http-equiv="Content-Security-Policy" content="default-src \'none\'; '
        f"img-src data:; style-src 'unsafe-inline'{_only(scripts)}\">\n"
        f"<title>{escape(title)}</title>\n<style>{STYLE}</style>\n</head>\n"
        f'<body>\n<main>\n<h1>{escape(title)}</h1>\n<aside class="notice">{told}'
        f"</aside>\n{body}\n</main>\n{run}</body>\n</html>\n"
    )


def _only(scripts: Sequence[str]) -> str:
    """Return the rule that lets these scripts run and no other."""
    digests = [hashlib.sha256(script.encode()).digest() for script in scripts]
    named = [f"'sha256-{base64.b64encode(digest).decode()}'" for digest in digests]
    return f"; script-src {' '.join(named)}" if named else ""


def _cell(value: object) -> str:
    is_number = isinstance(value, int | float | np.number)
    text = escape(value)
    numeric = is_number or bool(re.match(r"[-\d][\d.,]* ?%?$", text))
    return f'<td class="number">{text}</td>' if numeric else f"<td>{text}</td>"
