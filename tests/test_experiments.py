"""What lies in experiments/ can be run: every setting exists, every command parses."""

import json
import shlex
from pathlib import Path

import pytest

from agegender import cli

FOLDER = Path(__file__).parents[1] / "experiments"
NOTEBOOK = json.loads((FOLDER / "colab.ipynb").read_text(encoding="utf-8"))


def commands() -> list[list[str]]:
    lines = [
        line
        for cell in NOTEBOOK["cells"]
        if cell["cell_type"] == "code"
        for line in "".join(cell["source"]).splitlines()
    ]
    return [shlex.split(line)[1:] for line in lines if line.startswith("!agegender ")]


@pytest.mark.parametrize("file", sorted(FOLDER.glob("*.yaml")), ids=lambda f: f.stem)
def test_experiment_is_one_and_says_how_it_was_run(file: Path) -> None:
    options = ["--store", "s", "--experiment", str(file)]
    experiment = cli.parse("train", options)["experiment"]
    assert experiment.name.replace("-", "_") == file.stem
    head = file.read_text(encoding="utf-8").split("name:")[0]
    for word in ("# Command:", "# Hardware:", "# Time:", "# Reached:"):
        assert word in head


@pytest.mark.parametrize("words", commands(), ids=lambda words: words[0])
def test_commands_of_the_notebook_are_ours(
    words: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(FOLDER.parent)
    step, *options = words
    assert cli.parse(step, options)


def test_notebook_is_bare_and_walks_the_road() -> None:
    assert (NOTEBOOK["nbformat"], NOTEBOOK["nbformat_minor"]) == (4, 5)
    code = [cell for cell in NOTEBOOK["cells"] if cell["cell_type"] == "code"]
    assert all(not cell["outputs"] and cell["execution_count"] is None for cell in code)
    assert len({cell["id"] for cell in NOTEBOOK["cells"]}) == len(NOTEBOOK["cells"])
    steps = [words[0] for words in commands()]
    assert steps == ["download", "prep", "train", "evaluate", "promote", "predict"]
