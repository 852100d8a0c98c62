"""A face store on one page: what was read, dropped and kept, and how it looks."""

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd
from matplotlib.figure import Figure

from agegender.counts import counted
from agegender.data.places import absolute
from agegender.data.splits import SPLITS
from agegender.data.store import FaceStore
from agegender.notice import NOTICE, NOTICE_PICTURES
from agegender.pages.markup import (
    document,
    escape,
    listing,
    paragraph,
    section,
    table,
)
from agegender.pages.montage import dropped_faces, kept_faces
from agegender.pages.store_figures import draw_figures, panels
from agegender.pages.store_view import StoreView


class StorePage(NamedTuple):
    """A page and the figures on it."""

    html: str
    figures: dict[str, Figure]


def draw_store_page(store: FaceStore) -> StorePage:
    """Draw the page of a store.

    Raises:
        DataError: If a file of the store is damaged.
    """
    view = StoreView.of(store)
    drawn = draw_figures(view)
    body = "\n".join(
        [
            section("Funnel", panels(drawn, "funnel", beside=_funnel_table(view))),
            section("Scores", panels(drawn, "face_scores", "second_scores")),
            section("Ages and genders", panels(drawn, "ages", "ages_read")),
            section("People and years", panels(drawn, "photos_per_person", "years")),
            section("Identical photos", _duplicates(store.manifest.duplicates)),
            section("Splits", _split_table(store.labels), panels(drawn, "splits")),
            section("Faces that were kept", kept_faces(view)),
            section("Photos that were dropped, by rule", dropped_faces(view)),
            section("Sources", _sources(view)),
            section("Settings", _settings(view)),
        ]
    )
    title = f"Faces of {store.path.resolve().name}"
    page = document(title, [NOTICE, NOTICE_PICTURES], _summary(view) + body)
    return StorePage(page, {name: one.figure for name, one in drawn.items()})


def page_path(store: Path) -> Path:
    """Return where the page of a store lies: beside it, as STORE.html."""
    place = absolute(store)
    return place.with_name(f"{place.name}.html")


def _summary(view: StoreView) -> str:
    manifest, size = view.store.manifest, view.store.manifest.crop_rule.size
    sources = ", ".join(str(source["name"]) for source in manifest.sources)
    faces, read = counted(len(view.store), "face"), counted(view.funnel["read"], "row")
    people = counted(view.identities, "identity", "identities")
    return paragraph(
        f"{faces} of {people} at {size} x {size} pixels, from {read} of "
        f"{sources or 'no archive'}."
    )


def _funnel_table(view: StoreView) -> str:
    """Tell the same numbers by source and rule; they add up both ways."""
    sources = view.store.manifest.sources
    funnels = [source["funnel"] for source in sources if "funnel" in source]
    names = [str(source["name"]) for source in sources if "funnel" in source]
    if len(funnels) != 1:
        funnels, names = [*funnels, view.funnel], [*names, "all"]
    rules = view.funnel["dropped"]
    rows = [
        ("read", *(one["read"] for one in funnels)),
        *((rule, *(-one["dropped"].get(rule, 0) for one in funnels)) for rule in rules),
        ("kept", *(one["kept"] for one in funnels)),
    ]
    return table(["rule", *names], rows)


def _duplicates(counts: Mapping[str, int]) -> str:
    if not counts:
        return ""
    if not counts.get("groups"):
        return paragraph("No two photos are the same file.")
    told = (
        "Files that are the same, byte for byte, among the photos that were read. "
        "They always lie in one split."
    )
    rows = [(name.replace("_", " "), count) for name, count in counts.items()]
    return paragraph(told) + table(["identical", "count"], rows)


def _split_table(labels: pd.DataFrame) -> str:
    heads = ["split", "faces", "identities", "female", "male", "unknown", "age (sd)"]
    rows = []
    for split in SPLITS:
        mine = labels[labels["split"] == split]
        shares = [f"{(mine['gender'] == code).mean():.1%}" for code in (0, 1, -1)]
        age = f"{mine['age'].mean():.1f} ({mine['age'].std(ddof=0):.1f})"
        told = [*shares, age] if len(mine) else [""] * 4
        rows.append((split, len(mine), mine["identity"].nunique(), *told))
    pairs = labels[["identity", "split"]].drop_duplicates()
    shared = int(pairs["identity"].duplicated().sum())
    told_of = {0: "No identity is", 1: "1 identity is"}.get(
        shared, f"{shared:,} identities are"
    )
    return table(heads, rows) + paragraph(f"{told_of} in more than one split.")


def _sources(view: StoreView) -> str:
    names = {
        "archive": "archive",
        "rows": "faces",
        "crop": "its pictures",
        "table": "table",
        "terms": "terms of use",
        "digest": "digest",
    }
    return "".join(
        f"<h3>{escape(source.get('name', ''))}</h3>"
        + listing(
            {
                told: _crop(source[name]) if name == "crop" else source[name]
                for name, told in names.items()
                if name in source
            }
        )
        for source in view.store.manifest.sources
    )


def _crop(crop: Mapping[str, Any]) -> str:
    done = "cut here" if crop["cut_here"] else "were cut"
    return f"{done} with margin {crop['margin']:g}, shift {crop['shift']:g}"


def _settings(view: StoreView) -> str:
    manifest = view.store.manifest
    groups = {
        "crop": asdict(manifest.crop_rule),
        "rules": asdict(manifest.filter_rules),
        "splits": asdict(manifest.split_rules),
    }
    settings: dict[str, object] = {
        f"{group}.{name}": value
        for group, values in groups.items()
        for name, value in values.items()
    }
    made = {
        "made by": f"agegender {manifest.made_by}",
        "content": manifest.content_hash,
    }
    return listing(settings | made)
