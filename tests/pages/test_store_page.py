"""The page of a store tells what the store holds, and is no danger to either."""

import io
import json
import re
import tarfile
from html.parser import HTMLParser
from pathlib import Path

import mlflow
import numpy as np
import pandas as pd
import pytest
from PIL import Image

from agegender import cli, steps
from agegender.config import FilterRules
from agegender.data.inputs import Input
from agegender.data.prepare import prepare
from agegender.data.store import FaceStore
from agegender.errors import DataError
from agegender.pages.figures.people import photos_per_person
from agegender.pages.figures.scores import second_scores
from agegender.pages.markup import escape
from agegender.pages.store_page import draw_store_page, page_path
from agegender.pages.write import write_page


@pytest.fixture(scope="module")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Draw an archive with every fault that there is, once."""
    folder = tmp_path_factory.mktemp("drawn")
    return Path(steps.sample(str(folder), faces=160, seed=5).data["archive"])


@pytest.fixture(scope="module")
def store(drawn: Path, tmp_path_factory: pytest.TempPathFactory) -> FaceStore:
    return prepare(
        "sample", tmp_path_factory.mktemp("s") / "st", archive=drawn, size=16
    )


class Read(HTMLParser):
    """Reads a page back: words, tables, tags, and where anything points."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.rows: list[list[str]] = []
        self.tags: list[str] = []
        self.sources: list[str] = []
        self.words: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.sources += [v or "" for k, v in attrs if k in {"src", "href", "srcset"}]
        if tag == "tr":
            self.rows.append([])

    def handle_data(self, data: str) -> None:
        self.words.append(data)
        if self.rows and data.strip():
            self.rows[-1].append(data.strip())


def titles(page: Read) -> str:
    return " ".join(page.words)


def of_own_photos(tmp_path: Path, label: str = "Basel") -> FaceStore:
    """Make a store that knows neither scores nor years."""
    rng = np.random.default_rng(0)
    names = [f"{label}{n}.png" for n in range(20)]
    folder = tmp_path / "photos"
    folder.mkdir()
    for name in names:
        noise = rng.integers(0, 256, (20, 20, 3), dtype=np.uint8)
        Image.fromarray(noise).save(folder / name)
    table = tmp_path / "labels.csv"
    ages = np.arange(20) + 30
    pd.DataFrame({"path": names, "age": ages, "gender": "m"}).to_csv(table, index=False)
    given = Input("table", folder=folder, table=table, name=f"{label} & <b>co</b>")
    return prepare([given], tmp_path / "own", size=16)


def test_funnel_on_the_page_is_that_of_the_store(store: FaceStore) -> None:
    rows = {row[0]: row[1] for row in Read(draw_store_page(store).html).rows if row[1:]}
    funnel = store.manifest.funnel
    assert rows["read"] == f"{funnel['read']:,}"
    assert rows["kept"] == f"{len(store):,}"
    for rule, count in funnel["dropped"].items():
        assert rows[rule] == (f"-{count}" if count else "0"), rule


def test_store_of_one_photo_is_told_in_the_singular(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    noise = rng.integers(0, 256, (40, 40, 3), dtype=np.uint8)
    Image.fromarray(noise).save(tmp_path / "a.png")
    table = tmp_path / "t.csv"
    table.write_text("path,age,gender\na.png,30,m\n")
    given = Input("table", folder=tmp_path, table=table)
    page = draw_store_page(prepare([given], tmp_path / "st", size=16))
    words = Read(page.html).words
    told = " ".join(words)
    assert "1 face of 1 identity at 16 x 16 pixels, from 1 row of" in told
    assert "Of 1 person, with one photo: 1;" in told
    assert page.figures["funnel"].get_suptitle() == "Of 1 row 1 is kept"
    several = re.compile(r"(?<![\d.,])1 (faces|people|rows|identities|photos)\b")
    assert not [one for one in words if several.search(one)]


def test_splits_stand_side_by_side_with_their_numbers(store: FaceStore) -> None:
    html = draw_store_page(store).html
    assert '<h2>Splits</h2><div class="table">' in html  # half a page would cut it off
    page = Read(html)
    for split, faces in store.labels.groupby("split"):
        row = next(each for each in page.rows if each[:1] == [split])
        assert row[1] == str(len(faces))
        assert row[2] == str(faces["identity"].nunique())
        assert row[3] == f"{(faces['gender'] == 0).mean():.1%}"
    assert "No identity is in more than one split." in titles(page)


def test_everything_known_has_its_picture(store: FaceStore) -> None:
    page = draw_store_page(store)
    assert set(page.figures) == {
        "funnel",
        "face_scores",
        "second_scores",
        "ages",
        "ages_read",
        "photos_per_person",
        "years",
        "splits",
    }
    words = titles(Read(page.html))
    for rule, count in store.manifest.funnel["dropped"].items():
        assert (f"{rule}: {count}" in words) == bool(count)


def test_bars_of_the_scores_count_every_row_with_a_score(store: FaceStore) -> None:
    rows = pd.read_parquet(store.path / "rows.parquet")
    scored = np.isfinite(rows["face_score"])
    legend = draw_store_page(store).figures["face_scores"].axes[0].get_legend()
    assert legend is not None
    told = [text.get_text() for text in legend.get_texts()]
    assert told[0] == f"read: {scored.sum():,}"
    assert told[1] == f"kept: {len(store):,}"


def test_what_a_source_does_not_know_is_left_out(tmp_path: Path) -> None:
    page = draw_store_page(of_own_photos(tmp_path))
    assert not {"face_scores", "second_scores", "years"} & set(page.figures)
    words = titles(Read(page.html))
    assert "Score of the face" not in words
    assert "Scores" not in words


def test_page_stands_alone_and_says_what_it_must(store: FaceStore) -> None:
    html = draw_store_page(store).html
    page = Read(html)
    assert "script" not in page.tags
    assert all(one.startswith(("data:image/jpeg", "#")) for one in page.sources)
    assert not re.search(r"url\((?!#)", html)
    words = titles(page)
    assert "no proof of age" in words
    assert "do not publish it" in words
    assert "nobody's" in words  # the terms of the drawn sample


def test_names_from_data_are_text_and_no_markup(tmp_path: Path) -> None:
    page = draw_store_page(of_own_photos(tmp_path, label="&lt;i&gt;'\u202e"))
    assert "<b>co</b>" not in page.html
    assert "& <b>co</b>" in titles(Read(page.html))


def test_control_characters_are_spelled_out() -> None:
    assert escape("a\x00<\x1b[1m\udcff") == "a\\x00&lt;\\x1b[1m\\udcff"
    assert escape(12345) == "12,345"


def test_faces_shown_are_those_of_the_store(store: FaceStore) -> None:
    html = draw_store_page(store).html
    shown = html.count('src="data:image/jpeg')
    dropped = np.load(store.path / "dropped.npz")["rules"]
    assert shown == min(48, len(store)) + len(dropped)


def test_same_store_gives_the_same_page(store: FaceStore) -> None:
    assert draw_store_page(store).html == draw_store_page(store).html


def test_foreign_file_is_not_replaced(tmp_path: Path) -> None:
    mine = tmp_path / "store.html"
    mine.write_text("mine")
    with pytest.raises(DataError, match="is no page of ours; it stays"):
        write_page("<html>", mine)
    assert mine.read_text() == "mine"
    assert [path.name for path in tmp_path.iterdir()] == ["store.html"]


def test_prep_writes_the_page_and_leaves_a_foreign_file(
    drawn: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    options = ["prep", "--source", "sample", "--archive", str(drawn), "--size", "16"]
    assert cli.main([*options, "--out", str(tmp_path / "a")]) == 0
    assert f"look at {tmp_path / 'a.html'}" in capsys.readouterr().out
    assert Read((tmp_path / "a.html").read_text(encoding="utf-8")).rows
    (tmp_path / "b.html").write_text("mine")
    assert cli.main([*options, "--out", str(tmp_path / "b")]) == 0
    assert "the store is whole, but it has no page" in capsys.readouterr().err
    assert (tmp_path / "b.html").read_text() == "mine"
    assert json.loads((tmp_path / "b" / "store.json").read_text())


def test_page_is_logged_to_the_run_that_mlflow_began(
    drawn: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mlflow.set_tracking_uri(f"sqlite:///{tmp_path}/mlflow.db")
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{tmp_path}/mlflow.db")
    client = mlflow.MlflowClient()
    place = (tmp_path / "artifacts").as_uri()
    experiment = client.create_experiment("prep", artifact_location=place)
    run_id = client.create_run(experiment).info.run_id
    monkeypatch.setenv("MLFLOW_RUN_ID", run_id)
    steps.prep("sample", out=str(tmp_path / "st"), archive=str(drawn), size=16)
    kept = {file.path for file in client.list_artifacts(run_id, "data")}
    assert {"data/st.html", "data/funnel.png", "data/splits.png"} <= kept
    assert client.get_run(run_id).info.status == "RUNNING"  # mlflow ends it


def test_damage_to_what_lies_beside_is_one_line(drawn: Path, tmp_path: Path) -> None:
    store = prepare("sample", tmp_path / "st", archive=drawn, size=16)
    (store.path / "rows.parquet").write_bytes(b"none")
    with pytest.raises(DataError) as caught:
        draw_store_page(store)
    assert "\n" not in str(caught.value)


def test_store_of_faces_cut_by_boxes_shows_what_was_dropped(tmp_path: Path) -> None:
    files = io.BytesIO()
    noise = np.random.default_rng(0).integers(0, 256, (40, 40, 3), dtype=np.uint8)
    Image.fromarray(noise).save(files, "PNG")
    with tarfile.open(tmp_path / "p.tar", "w") as tar:
        entry = tarfile.TarInfo("a.png")
        entry.size = len(files.getvalue())
        tar.addfile(entry, io.BytesIO(files.getvalue()))
    table = tmp_path / "t.csv"
    table.write_text(
        "path,age,gender,x1,y1,x2,y2\na.png,30,m,5,5,20,20\na.png,200,m,5,5,30,30\n"
    )
    given = Input("table", archive=tmp_path / "p.tar", table=table)
    store = prepare([given], tmp_path / "st", size=16)
    dropped = np.load(store.path / "dropped.npz")
    assert dropped["rules"].tolist() == ["impossible_age"]
    # The box of the dropped row, not the whole photo.
    whole = np.asarray(
        Image.fromarray(noise).resize((16, 16), Image.Resampling.LANCZOS)
    )
    assert np.abs(dropped["faces"][0].astype(int) - whole).mean() > 5
    assert page_path(store.path).name == "st.html"
    assert "impossible_age: 1" in titles(Read(draw_store_page(store).html))


def test_axes_that_count_are_marked_at_whole_numbers_alone() -> None:
    scores = [1.0, 1.0, 1.0, 2.0]
    rows = pd.DataFrame({"second_face_score": scores, "rule": "second_face"})
    figure = second_scores(rows, FilterRules())
    assert figure is not None
    marks = figure.axes[0].get_yticks()
    assert list(marks) == list(marks.round())


def test_few_people_are_counted_in_plain_numbers() -> None:
    people = ["a", "b", "b", "c", "c", "d", "d", "e", "e", "f", "f"]
    figure = photos_per_person(pd.DataFrame({"identity": people}))
    figure.draw_without_rendering()
    marks = [mark.get_text() for mark in figure.axes[0].get_yticklabels(which="both")]
    assert {"1", "2", "3"} <= set(marks)
