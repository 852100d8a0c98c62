"""What is written is there whole or not at all, and a kill leaves nothing for ever."""

import subprocess
import sys
from pathlib import Path

import pytest

from agegender.data.sample.writer import write_sample
from agegender.errors import DataError
from agegender.lock import only_writer
from agegender.whole import part_of

needs_kill = pytest.mark.skipif(sys.platform == "win32", reason="needs kill -9")

HALF = """
import os, sys
from pathlib import Path
from agegender.whole import part_of

with part_of(Path(sys.argv[1])) as part:
    part.write_text("half")
    os.kill(os.getpid(), 9)
"""

HALF_FOLDER = HALF.replace(
    'part.write_text("half")', 'part.mkdir(); (part / "a").write_text("half")'
)

HALF_NETWORK = """
import os, sys
from pathlib import Path
from agegender.model.starter import starter_file
import agegender.model.onnx_precision as precision

def killed(exported, part):
    part.write_bytes(bytes(1000))
    os.kill(os.getpid(), 9)

precision.onnx.save_model = killed
precision.widen_file(starter_file(), Path(sys.argv[1]))
"""

HALF_KERAS = """
import os, sys
from pathlib import Path
import keras
from agegender.model.files import save_model

class Killing(keras.Model):
    def save(self, part):
        part.write_bytes(bytes(1000))
        os.kill(os.getpid(), 9)

save_model(Killing(), Path(sys.argv[1]))
"""

HALF_SAMPLE = """
import os, sys
from agegender.data.sample.writer import write_sample

def killed(done, total, what):
    os.kill(os.getpid(), 9)

if __name__ == "__main__":
    write_sample(sys.argv[1], 2, workers=1, progress=killed)
"""


def kill_in(program: str, path: Path) -> None:
    done = subprocess.run([sys.executable, "-c", program, str(path)], check=False)
    assert done.returncode == -9


@needs_kill
def test_part_of_a_killed_process_is_gone_after_the_next(tmp_path: Path) -> None:
    out = tmp_path / "out.txt"
    kill_in(HALF, out)
    kill_in(HALF, out)
    assert [p.name for p in tmp_path.glob("*.part.txt")] == [".out.part.txt"]
    with part_of(out) as part:
        part.write_text("whole")
    assert out.read_text() == "whole"
    assert list(tmp_path.iterdir()) == [out]


@needs_kill
def test_half_a_folder_of_a_killed_process_is_not_mixed_in(tmp_path: Path) -> None:
    out = tmp_path / "out"
    kill_in(HALF_FOLDER, out)
    with part_of(out) as part:
        part.mkdir()
        (part / "b").touch()
    assert [path.name for path in out.iterdir()] == ["b"]
    assert list(tmp_path.iterdir()) == [out]


@needs_kill
def test_half_an_exported_network_is_gone_after_the_next(tmp_path: Path) -> None:
    from agegender.model.onnx_precision import widen_file  # noqa: PLC0415 - slow
    from agegender.model.starter import starter_file  # noqa: PLC0415

    out = tmp_path / "network.onnx"
    kill_in(HALF_NETWORK, out)
    assert any(path.stat().st_size == 1000 for path in tmp_path.iterdir())
    widen_file(starter_file(), out)
    assert list(tmp_path.iterdir()) == [out]


@needs_kill
def test_half_a_keras_network_is_gone_after_the_next(tmp_path: Path) -> None:
    import keras  # noqa: PLC0415 - slow

    from agegender.model.files import save_model  # noqa: PLC0415

    out = tmp_path / "network.keras"
    kill_in(HALF_KERAS, out)
    assert any(path.stat().st_size == 1000 for path in tmp_path.iterdir())
    save_model(keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)]), out)
    assert list(tmp_path.iterdir()) == [out]


@needs_kill
def test_half_a_sample_is_gone_after_the_next(tmp_path: Path) -> None:
    kill_in(HALF_SAMPLE, tmp_path)
    assert any(path.name.startswith(".") for path in tmp_path.iterdir())
    write_sample(tmp_path, 2, workers=1)
    assert {path.name for path in tmp_path.iterdir()} == {"wiki_crop.tar", "photos"}
    assert not [p for p in (tmp_path / "photos").iterdir() if p.name.startswith(".")]


def test_part_of_a_living_process_is_left_to_it(tmp_path: Path) -> None:
    out = tmp_path / "out.txt"
    with part_of(out) as part:
        part.write_text("first")
        program = HALF.replace("os.kill(os.getpid(), 9)", "")
        command = [sys.executable, "-c", program, str(out)]
        other = subprocess.run(command, capture_output=True, text=True, check=False)
        assert "is being written by another process" in other.stderr
        assert part.read_text() == "first"
    assert out.read_text() == "first"
    assert list(tmp_path.iterdir()) == [out]


def test_link_in_the_place_of_a_part_is_removed_and_not_followed(
    tmp_path: Path,
) -> None:
    dear = tmp_path / "dear"
    dear.mkdir()
    (dear / "file").touch()
    (tmp_path / ".out.part.txt").symlink_to(dear, target_is_directory=True)
    with part_of(tmp_path / "out.txt") as part:
        part.write_text("whole")
    assert (dear / "file").exists()
    assert {path.name for path in tmp_path.iterdir()} == {"dear", "out.txt"}


def test_lock_is_the_same_for_stores_and_for_files(tmp_path: Path) -> None:
    out = tmp_path / "out.txt"
    with (
        only_writer(out),
        pytest.raises(DataError, match="another process"),
        part_of(out),
    ):
        pass
    assert not [*tmp_path.iterdir()]
