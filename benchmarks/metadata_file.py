"""Reading a metadata file as large as IMDB's: seconds, and memory at its peak.

Each way runs in a process of its own, since memory is given back to nobody; what
the imports take is told beside it. Linux alone tells the peak.
"""

import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.io import savemat

from benchmarks.metadata import ROWS, made_rows

PEOPLE: Final = 20_284
"""As many as IMDB has."""

MEASURE: Final = """
import sys, time
def peak():
    # Not getrusage: its figure starts with that of the process before.
    with open("/proc/self/status") as file:
        return next(int(one.split()[1]) for one in file if "VmHWM" in one) / 1000
{imports}
before, start = peak(), time.process_time()
{work}
print(time.process_time() - start, peak(), before)
"""

IMPORTS: Final = """
from agegender.config import FilterRules
from agegender.data.prepare import funnel_of
"""
OURS: Final = (
    IMPORTS,
    "assert funnel_of('imdb', FilterRules(), metadata=sys.argv[1]).kept > 1e5",
)
SCIPY: Final = (
    "from scipy.io import loadmat\n",
    "assert loadmat(sys.argv[1])['imdb']['dob'][0, 0].size > 1e5",
)


def run() -> str:
    """Write a file in IMDB's layout, and read it in both ways."""
    if sys.platform != "linux":
        return "reading imdb.mat: measured on Linux alone"
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "imdb.mat"
        write_metadata(path)
        size = path.stat().st_size / 1e6
        lines = [
            f"read {ROWS:,} rows of imdb.mat ({size:.0f} MB), one process each",
            f"  {'way':<34}{'CPU s':>9}{'peak MB':>12}{'imports MB':>12}",
            _measured("SciPy's loadmat, nothing else", SCIPY, path),
            _measured("read, age and filter (ours)", OURS, path),
        ]
    return "\n".join(lines)


def write_metadata(path: Path) -> None:
    """Write all fields that the genuine file has."""
    rows, number = made_rows(), np.arange(ROWS)
    person = number * 7919 % PEOPLE
    corners = np.random.default_rng(1).uniform(1, 500, (ROWS, 1, 4))
    fields = {
        "dob": rows["dob"].to_numpy(dtype=np.int32)[None],
        "photo_taken": rows["photo_taken"].to_numpy()[None],
        "full_path": _cells(
            f"{who % 100:02d}/nm{who:07d}_rm{n:010d}_1968-2-19_2004.jpg"
            for n, who in zip(number.tolist(), person.tolist(), strict=True)
        ),
        "gender": rows["gender"].to_numpy()[None],
        "name": _cells(f"Some Person {who}" for who in person.tolist()),
        "face_location": _cells(corners),
        "face_score": rows["face_score"].to_numpy()[None],
        "second_face_score": rows["second_face_score"].to_numpy()[None],
        "celeb_names": _cells(f"Some Person {who}" for who in range(PEOPLE)),
        "celeb_id": (person + 1).astype(np.uint16)[None],
    }
    savemat(path, {"imdb": fields}, do_compression=True)


def _cells(values: object) -> NDArray[np.object_]:
    held = list(values)  # type: ignore[call-overload]
    cells = np.empty((1, len(held)), dtype=object)
    for n, value in enumerate(held):
        cells[0, n] = value
    return cells


def _measured(name: str, way: tuple[str, str], path: Path) -> str:
    program = MEASURE.format(imports=way[0], work=way[1])
    command = [sys.executable, "-c", program, str(path)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    seconds, peak, before = (float(word) for word in done.stdout.split())
    return f"  {name:<34}{seconds:>9.2f}{peak:>12.0f}{before:>12.0f}"
