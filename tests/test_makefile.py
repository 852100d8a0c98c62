import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[1]

pytestmark = pytest.mark.skipif(not shutil.which("make"), reason="there is no make")


def make(*words: str) -> str:
    """Run make to its failure; return what it says."""
    env = {name: text for name, text in os.environ.items() if name != "MAKEFLAGS"}
    done = subprocess.run(
        ["make", *words],
        check=False,
        cwd=PROJECT,
        env=env,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 2
    return done.stderr


def test_programs_are_looked_for_by_the_shell(tmp_path: Path) -> None:
    further = tmp_path / "further.mk"
    further.write_text("include Makefile\nfurther:\n\tno-such-program\n", "utf-8")
    assert "make: no-such-program:" not in make("-f", str(further), "further")


@pytest.mark.parametrize("version", [(3, 10, 13), (3, 14, 0)])
def test_python_that_will_not_do_leaves_no_environment(
    tmp_path: Path, version: tuple[int, ...]
) -> None:
    python = tmp_path / "python"
    code = f"import sys; sys.version_info = {version}; exec(sys.argv[1])"
    python.write_text(f"#!/bin/sh\nexec {sys.executable} -c '{code}' \"$2\"\n", "utf-8")
    python.chmod(0o755)

    said = make("setup", f"PYTHON={python}", f"VENV={tmp_path / 'venv'}")

    assert f"is 3.{version[1]}. Name one: make PYTHON=python3.13" in said
    assert not (tmp_path / "venv").exists()
