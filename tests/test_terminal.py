"""What a person at a terminal, or who reads a log, is shown of the progress."""

import io
import logging
import os
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr
from pathlib import Path
from typing import TextIO

import pytest

from agegender import cli, terminal
from agegender.progress import BYTES
from agegender.terminal import TerminalProgress


class Screen(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture
def screen(monkeypatch: pytest.MonkeyPatch) -> Screen:
    for name in ("NO_COLOR", "FORCE_COLOR", "TTY_COMPATIBLE", "TTY_INTERACTIVE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "140")
    return Screen()


@pytest.fixture
def log() -> io.StringIO:
    return io.StringIO()


@contextmanager
def shown_on(file: TextIO) -> Iterator[TerminalProgress]:
    with redirect_stderr(file), TerminalProgress() as progress:
        yield progress


def last_frame(screen: Screen, bars: int = 1) -> str:
    plain = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", screen.getvalue())
    return "\n".join(plain.rstrip().splitlines()[-bars:])


def test_download_is_drawn_in_gigabytes_with_its_speed(screen: Screen) -> None:
    with shown_on(screen) as progress:
        for done in (1_200_000_000, 1_500_000_000, 1_900_000_000):
            progress(done, 6_900_000_000, f"downloading imdb_crop.tar {BYTES}")
            time.sleep(0.02)
    frame = last_frame(screen)
    assert "downloading imdb_crop.tar " in frame
    assert "1.9/6.9 GB" in frame
    assert "B/s" in frame
    assert BYTES not in frame


def test_other_work_is_counted_with_its_speed_and_time_left(screen: Screen) -> None:
    with shown_on(screen) as progress:
        for done in (100, 200, 300):
            progress(done, 171_852, "photos")
            time.sleep(0.02)
    frame = last_frame(screen)
    assert "300/171852" in frame
    assert "/s" in frame.split("300/171852")[1]
    assert "B/s" not in frame
    assert ":" in frame  # the time left


@pytest.mark.parametrize("width", ["60", "80"])
def test_figures_stay_whole_on_a_narrow_terminal(
    screen: Screen, monkeypatch: pytest.MonkeyPatch, width: str
) -> None:
    monkeypatch.setenv("COLUMNS", width)
    with shown_on(screen) as progress:
        progress(1_900_000_000, 6_900_000_000, f"downloading imdb_crop.tar {BYTES}")
        for done in (30_000, 110_000):
            progress(done, 171_852, "photos")
            time.sleep(0.2)
    frame = last_frame(screen, bars=3)
    assert "1.9/6.9 GB" in frame
    assert re.search(r" 110000/171852 \d+,\d{3}/s +\d:\d\d:\d\d", frame)


def test_speed_of_what_comes_many_at_once_counts_the_time_before(
    screen: Screen,
) -> None:
    with shown_on(screen) as progress:
        progress(0, 100, "reading photos")
        time.sleep(0.2)
        for done in range(1, 51):
            progress(done, 100, "reading photos")
    told = re.search(r"50/100 ([\d,.]+)/s", last_frame(screen))
    assert told is not None
    assert float(told[1].replace(",", "")) <= 50 / 0.2


def test_size_that_nobody_knows_is_no_bar_without_an_end(screen: Screen) -> None:
    with shown_on(screen) as progress:
        progress(5_000_000, 0, f"downloading x.tar {BYTES}")
    assert "5.0/? MB" in last_frame(screen)


def test_try_after_a_broken_one_goes_on_in_the_same_bar(screen: Screen) -> None:
    with shown_on(screen) as progress:
        progress(30, 100, f"downloading x.tar {BYTES}")
        progress(30, 100, f"the connection was cut; try 2 of 6 in 1 s {BYTES}")
        progress(60, 100, f"downloading x.tar {BYTES}")
        progress(50, 100, "photos")
    frame = last_frame(screen, bars=2)
    assert frame.count("x.tar") == 1
    assert "50/100" in frame


def test_brackets_in_a_name_are_shown_as_they_are(screen: Screen) -> None:
    with shown_on(screen) as progress:
        progress(1, 2, f"digesting [red]my.tar {BYTES}")
    assert "[red]my.tar" in last_frame(screen)


def test_log_gets_the_first_and_the_last_line_alone(log: io.StringIO) -> None:
    with shown_on(log) as progress:
        for done in range(1, 1001):
            progress(done, 1000, "photos")
    assert log.getvalue().splitlines() == ["photos: 1/1000", "photos: 1000/1000"]


def test_log_gets_a_line_now_and_then(
    log: io.StringIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(terminal, "LOG_INTERVAL_S", 0.0)
    with shown_on(log) as progress:
        for done in range(1, 4):
            progress(done, 5, "photos")
    assert len(log.getvalue().splitlines()) == 3


def test_log_tells_megabytes_and_why_a_download_waits(log: io.StringIO) -> None:
    with shown_on(log) as progress:
        progress(300_000_000, 1_000_000_000, f"downloading x.tar {BYTES}")
        progress(400_000_000, 1_000_000_000, f"downloading x.tar {BYTES}")
        progress(400_000_000, 1_000_000_000, f"no answer; try 2 of 6 in 1 s {BYTES}")
    assert log.getvalue().splitlines() == [
        "downloading x.tar: 300.0/1,000.0 MB",
        "no answer; try 2 of 6 in 1 s: 400.0/1,000.0 MB",
    ]


def test_how_work_stands_is_shown_below_its_bar_in_place_of_speed(
    screen: Screen,
) -> None:
    with shown_on(screen) as progress:
        progress(0, 20, "trials\n1 running")
        progress(7, 20, "trial 6: 5.43 years\nbest 5.12 years (trial 3), 2 running")
        time.sleep(0.02)
    bar, note = last_frame(screen, bars=2).splitlines()
    assert "trial 6: 5.43 years" in bar
    assert bar.rstrip().endswith("7/20")
    assert note.strip() == "best 5.12 years (trial 3), 2 running"


def test_log_gets_a_line_a_trial_however_often_its_standing_changes(
    log: io.StringIO,
) -> None:
    with shown_on(log) as progress:
        progress(0, 3, "trials\n")
        for name in ("trial 0: 5.43 years", "trial 1: out of memory"):
            for minutes in (9, 8, 7):
                progress(1, 3, f"{name}\nabout {minutes} min left")
    assert log.getvalue().splitlines() == [
        "trials: 0/3",
        "1/3 trial 0: 5.43 years; about 9 min left",
        "1/3 trial 1: out of memory; about 9 min left",
    ]


LAST_TRIALS = ("trial 0: 5.43 years", "trial 1: 5.12 years", "trial 2: 5.78 years")
"""Of three; all are done before the second one to end is named."""


def test_trials_that_end_together_end_one_bar(screen: Screen) -> None:
    with shown_on(screen) as progress:
        progress(1, 3, f"{LAST_TRIALS[0]}\n2 running")
        for name in LAST_TRIALS:
            progress(3, 3, f"{name}\nbest 5.12 years (trial 1)")
    bar, note = last_frame(screen, bars=2).splitlines()
    assert "5.78 years" in bar
    assert note.strip() == "best 5.12 years (trial 1)"


def test_log_names_each_trial_once(log: io.StringIO) -> None:
    with shown_on(log) as progress:
        progress(1, 3, f"{LAST_TRIALS[0]}\n2 running")
        for name in LAST_TRIALS:
            progress(3, 3, f"{name}\nbest 5.12 years (trial 1)")
    assert log.getvalue().splitlines() == [
        "1/3 trial 0: 5.43 years; 2 running",
        "3/3 trial 1: 5.12 years; best 5.12 years (trial 1)",
        "3/3 trial 2: 5.78 years; best 5.12 years (trial 1)",
    ]


def test_log_tells_the_speed_of_what_is_counted(
    log: io.StringIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(terminal, "SPEED_AFTER_S", 0.0)
    monkeypatch.setattr(terminal, "LOG_INTERVAL_S", 0.0)
    with shown_on(log) as progress:
        progress(1000, 3000, "photos")  # of an earlier call
        time.sleep(0.02)
        progress(1010, 3000, "photos")
    told = re.fullmatch(
        r"photos: 1010/3000, ([\d.,]+) a second", log.getvalue().splitlines()[-1]
    )
    assert told is not None
    assert float(told[1].replace(",", "")) <= 10 / 0.02


def test_work_goes_on_when_who_read_along_has_gone() -> None:
    reader, writer = os.pipe()
    os.close(reader)
    with open(writer, "w", encoding="utf-8") as pipe, shown_on(pipe) as progress:  # noqa: PTH123
        for done in range(3):
            progress(done, 2, "face")


def test_orders_to_a_terminal_in_others_files_are_spelled_out(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    warnings = logging.StreamHandler()
    monkeypatch.setattr(logging, "lastResort", warnings)
    file = tmp_path / "e.yaml"
    file.write_text(r'{"a\e]0;mine\a": 1}')

    assert cli.main(["train", "--store", "s", "--experiment", str(file)]) == 2

    record = logging.makeLogRecord({"msg": "a%s", "args": ("\x1b]0;mine\x07",)})
    for text in (capsys.readouterr().err, warnings.format(record)):
        assert r"a\x1b]0;mine\x07" in text
        assert "\x1b" not in text
