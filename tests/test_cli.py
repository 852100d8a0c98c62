"""The command line: spelling, help, exit codes, one line a complaint."""

import io
import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import get_args

import numpy as np
import pytest
import scipy.io
import yaml

from agegender import cli, steps
from agegender.config import Experiment, FilterRules
from agegender.data.sources.registry import SOURCES
from agegender.errors import ConfigError, GateRefusedError
from agegender.steps.faces import Source


def complaint(capsys: pytest.CaptureFixture[str]) -> str:
    """Return the one line on standard error, which holds no traceback."""
    lines = capsys.readouterr().err.strip().splitlines()
    assert len(lines) == 1, lines
    assert "Traceback" not in lines[0]
    return lines[0]


def test_overview_names_every_step_and_exit_code() -> None:
    text = cli.overview()
    for step in steps.ALL:
        assert f"\n  {step.__name__.replace('_', '-')} " in text
    for code in ("0 done", "2 wrong", "3 data", "4 model", "5 refused", "130"):
        assert code in text


@pytest.mark.parametrize("name", list(cli.STEPS))
def test_every_step_explains_every_option(name: str) -> None:
    text = cli.step_help(name)
    assert text.startswith(f"usage: agegender {name} ")
    assert "--experiment.model" not in text
    assert ".help" not in text
    options = re.findall(r"^  (--\S+)", text, re.MULTILINE)
    assert len(set(options)) == len(options)
    without, files = re.subn("--(experiment|gate) CONFIG", "", text)
    assert "CONFIG" not in without
    assert text.count("configuration file.") == files


@pytest.mark.parametrize(
    ("step", "option"), [("train", "experiment"), ("promote", "gate")]
)
@pytest.mark.parametrize("content", [None, "", "- 1\n"])
def test_file_without_settings_is_told(
    step: str, option: str, content: str | None, tmp_path: Path
) -> None:
    file = tmp_path / "settings.yaml"
    if content is not None:
        file.write_text(content)
    with pytest.raises(ConfigError, match=rf"--{option} must be .*settings\.yaml'"):
        cli.parse(step, ["--store", "s", f"--{option}", str(file)])


def test_help_imports_nothing_heavy() -> None:
    code = (
        "import sys; from agegender.cli import main; main(['--help']);"
        "heavy = {'numpy', 'pandas', 'keras', 'tensorflow', 'mlflow', 'optuna',"
        " 'jsonargparse', 'rich', 'onnxruntime'} & set(sys.modules);"
        "sys.exit(str(heavy) if heavy else 0)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


def test_dashes_flags_and_sections_are_understood() -> None:
    options = cli.parse(
        "train",
        ["--store", "s", "--dry-run", "--model.depth", "22", "--experiment.seed=3"],
    )
    assert options["dry_run"] is True
    assert options["experiment"].model.depth == 22
    assert options["experiment"].seed == 3


def test_switch_may_be_given_its_value() -> None:
    assert (
        cli.parse("train", ["--store", "s", "--dry-run", "false"])["dry_run"] is False
    )


def test_switch_may_be_denied() -> None:
    assert cli.parse("train", ["--store", "s"])["resume"] is True
    assert cli.parse("train", ["--store", "s", "--no-resume"])["resume"] is False


NAMES = ["😀.jpg", "b\udcff.jpg", "a\nb.jpg", "[x].jpg", "null", "12", "a: b", "", "'"]
"""Of files, of which YAML would make something else."""


def test_words_of_a_list_are_taken_as_they_are() -> None:
    assert cli.parse("predict", NAMES)["paths"] == NAMES
    for name in NAMES:
        assert cli.parse("predict", [name])["paths"] == [name]
    options = cli.parse("evaluate", ["--model=m", "--store=s", "--others", *NAMES])
    assert options["others"] == NAMES
    spelled = ["--model=m", "--store=s", "--others", '["a", "b"]']
    assert cli.parse("evaluate", spelled)["others"] == ["a", "b"]
    assert cli.parse("predict", ["--paths", "[1] a.jpg"])["paths"] == ["[1] a.jpg"]


def test_words_after_two_dashes_are_names() -> None:
    options = cli.parse("predict", ["--format", "csv", "--", "--a.jpg", "b.jpg"])
    assert options["paths"] == ["--a.jpg", "b.jpg"]


@pytest.mark.parametrize("name", ["#1 drawn", "&1", "~", "- a", "12", ""])
def test_text_that_may_be_left_out_is_taken_as_it_is(name: str) -> None:
    options = cli.parse("predict", ["a.jpg", "--out", name, f"--annotated={name}"])
    assert (options["out"], options["annotated"]) == (name, name)
    assert cli.parse("predict", ["a.jpg", "--out", "null"])["out"] is None


def test_name_that_the_output_cannot_hold_is_spelled_out(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def named(out: str, progress: object = None) -> steps.Outcome:
        """Name it."""
        return steps.Outcome({}, f"é {out}")

    monkeypatch.setitem(cli.STEPS, "sample", named)
    printed = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(printed, "cp1252"))
    assert cli.main(["sample", "--out", "写"]) == 0
    sys.stdout.flush()
    assert printed.getvalue().split() == [b"\xe9", b"\\u5199"]


def test_defaults_are_those_of_the_configuration() -> None:
    assert cli.parse("train", ["--store", "s"])["experiment"] == Experiment()
    assert cli.parse("prep", ["--source", "wiki"])["rules"] == FilterRules()


TWICE = range(1, 40)


@pytest.mark.parametrize(
    "content",
    [
        "a: &a {a: *a}\n",
        "model: " + "[" * 3000 + "]" * 3000,
        "\n".join(["0: &0 [1]", *(f"{n}: &{n} [*{n - 1}, *{n - 1}]" for n in TWICE)]),
    ],
)
def test_file_that_stands_for_more_than_memory_holds_is_refused(
    content: str, tmp_path: Path
) -> None:
    file = tmp_path / "settings.yaml"
    file.write_text(content)
    with pytest.raises(ConfigError, match=r"cannot be read: .*(aliases|recursion)"):
        cli.parse("train", ["--store", "s", "--experiment", str(file)])


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("model: {depth: deep}", "model.depth takes a whole number. Received: 'deep'."),
        ("model: {depth: 16.5}", "model.depth takes a whole number. Received: 16.5."),
        ("model: {dpth: 16}", "there is no setting model.dpth. Name one of: depth, "),
        ("model.dpth: 16", "there is no setting model.dpth. Name one of: depth, "),
        ("nosuch: 3", "there is no setting nosuch. Name one of: name, seed, "),
        ("model: 3", "model takes settings by their names. Received: 3."),
        ("model:", "model takes settings by their names. Received: None."),
        ("name:", "name takes a text. Received: None."),
        ("loss: {age: mse}", "loss.age takes one of 'label_distribution', "),
        ("augment: {flip: 1}", "augment.flip takes true or false. Received: 1."),
        (
            "search: {space: {model.depth: {choices: 3}}}",
            "search.space.model.depth.choices takes a list. Received: 3.",
        ),
        (
            "search: {space: {model.depth: {lowest: 10}}}",
            "there is no setting search.space.model.depth.lowest. Name one of: low, ",
        ),
        ("search: {space: 3}", "search.space takes settings by their names. "),
    ],
)
def test_settings_that_will_not_do_are_named(
    content: str, says: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "settings.yaml"
    file.write_text(content)
    for given in [str(file), "{" + content + "}"]:
        assert cli.main(["train", "--store", "s", "--experiment", given]) == 2
        assert says in complaint(capsys)


def test_settings_of_the_gate_that_will_not_do_are_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "gate.yaml"
    file.write_text("confidence: high\n")
    assert cli.main(["promote", "--store", "s", "--gate", str(file)]) == 2
    assert "gate.confidence takes a number. Received: 'high'." in complaint(capsys)


@pytest.mark.parametrize(
    "content",
    [
        "model: {class_path: sprung.Trap}",
        "class_path: sprung.Trap",
        "model: sprung.Trap",
        "search: {space: {model.depth: {class_path: sprung.Trap}}}",
    ],
)
def test_settings_do_not_import_what_they_name(
    content: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "sprung.py").write_text("class Trap: ...\n")
    file = tmp_path / "settings.yaml"
    file.write_text(content)
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(ConfigError):
        cli.parse("train", ["--store", "s", "--experiment", str(file)])
    assert "sprung" not in sys.modules


@pytest.mark.parametrize("number", ["1e-3", "1E-3", "1.0e-3", "0.001", ".001"])
def test_numbers_are_read_as_people_write_them(number: str, tmp_path: Path) -> None:
    file = tmp_path / "e.yaml"
    file.write_text(
        f"name: 2026-01-02\noptimizer: {{learning_rate: {number}}}\n"
        f"search: {{space: {{optimizer.momentum: {{low: {number}, high: 1}}}}}}\n"
    )
    experiment = cli.parse("train", ["--store", "s", "--experiment", str(file)])[
        "experiment"
    ]
    assert experiment.name == "2026-01-02"
    assert experiment.optimizer.learning_rate == 1e-3
    assert experiment.search.space["optimizer.momentum"].low == 1e-3


@pytest.mark.parametrize("indent", [None, 2, "\t"])
def test_settings_are_read_from_json_however_it_is_laid_out(
    tmp_path: Path, indent: int | str | None
) -> None:
    file = tmp_path / "e.json"
    name = "\N{GRINNING FACE} 'a': \"b\""
    given = {"name": name, "optimizer": {"learning_rate": 1e-05}}
    file.write_text(json.dumps(given, indent=indent))
    read = cli.parse("train", ["--store", "s", "--experiment", str(file)])["experiment"]
    assert (read.name, read.optimizer.learning_rate) == (name, 1e-05)


@pytest.mark.parametrize("text", ["1e3", "null", "yes", "0x10", "a: {b}", "~", "\\n"])
def test_quoted_text_in_settings_is_text(text: str, tmp_path: Path) -> None:
    file = tmp_path / "e.yaml"
    file.write_text(f"name: '{text}'\n")
    read = cli.parse("train", ["--store", "s", "--experiment", str(file)])["experiment"]
    assert read.name == text


def test_settings_without_bound_are_told_as_such(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "e.yaml"
    file.write_text("optimizer: {weight_decay: .inf}\n")
    assert cli.main(["train", "--store", "s", "--experiment", str(file)]) == 2
    assert "optimizer.weight_decay must be a finite number" in complaint(capsys)


def test_yaml_states_only_what_differs(tmp_path: Path) -> None:
    file = tmp_path / "e.yaml"
    file.write_text("model: {widen_factor: 2}\n")
    options = cli.parse(
        "train", ["--store", "s", "--experiment", str(file), "--model.depth", "10"]
    )
    assert options["experiment"].model.widen_factor == 2
    assert options["experiment"].model.depth == 10
    assert options["experiment"].training == Experiment().training


def test_setting_beside_a_file_counts_wherever_it_stands(tmp_path: Path) -> None:
    file = tmp_path / "e.yaml"
    file.write_text("model: {depth: 16, widen_factor: 2}\n")
    before = ["--model.depth", "10", "--experiment", str(file)]
    model = cli.parse("train", ["--store", "s", *before])["experiment"].model
    assert (model.depth, model.widen_factor) == (10, 2)


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (["fly"], 2, "no such step. Received: 'fly'"),
        (["train"], 2, "--store"),
        (["train", "--store", "s", "--modle.depth", "16"], 2, "--modle.depth"),
        (["train", "--store", "s", "--model.depth", "15"], 2, "Received: 15"),
        (["train", "--store", "s", "--model.depth", "deep"], 2, "deep"),
        (["train", "--store", "s", "--experiment", "no.yaml"], 2, "no.yaml"),
        (["train", "--store", "s", "--experiment.name"], 2, "--name"),
        (["train", "nowhere", "--store", "s"], 2, "Received: 'nowhere'"),
        (
            ["predict", "p.jpg", "--format", "xml"],
            2,
            "--format must be one of table, json, jsonl, csv, parquet. Received: xml. ",
        ),
        (
            ["predict", "p.jpg", "--workers", "two"],
            2,
            "--workers must be a whole number. Received: two. See ",
        ),
        (
            ["train", "--store", "s", "--training.epochs", "zero"],
            2,
            "--training.epochs must be a whole number. Received: zero. See ",
        ),
        (
            ["train", "--store", "s", "--model.dept", "10"],
            2,
            "there is no option --model.dept. See `agegender train --help`.",
        ),
        (
            ["search", "--store", "s", "--search.space", "5"],
            2,
            "--search.space must be settings by their names. Received: 5. See ",
        ),
        (
            ["search", "--store", "s", "--search.space", "{seed: {choices: 3}}"],
            2,
            "search.space.seed.choices takes a list. Received: 3.",
        ),
        (
            ["train", "--store", "s", "--seed="],
            2,
            "--seed must be a whole number. Received: . See ",
        ),
        (
            ["predict", "p.jpg", "--abstain", "7"],
            2,
            "--abstain has settings of its own: name one, as --abstain.NAME VALUE. ",
        ),
        (
            ["train", "--store", "s", "--experiment.model", "7"],
            2,
            "--model has settings of its own: name one, as --model.NAME VALUE. ",
        ),
        (
            ["promote", "--store", "s", "--experiment", "x.yaml"],
            2,
            "there is no option --experiment. See `agegender promote --help`.",
        ),
        (["train", "--store", "s", "--no-hope"], 2, "--no-hope"),
        (["train", "--store", "nowhere"], 3, "nowhere"),
        (["train", "--store", "nowhere", "--dry-run"], 3, "nowhere"),
        (["prep", "--source", "moon", "--out", "o"], 2, "moon"),
        (["prep", "--source", "wiki"], 2, "--out"),
        (
            ["prep", "--source", "wiki", "--out", "o", "--metadata", "m"],
            2,
            "--metadata",
        ),
        (
            ["prep", "--source", "wiki", "--out", "o", "--archive", "no.tar"],
            3,
            "no.tar",
        ),
        (["prep", "--source", "wiki", "--out", "o", "--size", "63"], 2, "63"),
        (["download"], 2, "WHAT"),
        (["download", "moon", "--accept-terms"], 2, "moon"),
        (["download", "wiki"], 2, "--accept-terms"),
        (["download", "wiki", "imdb"], 2, "Received: 'imdb'"),
        (["download", "--what", "wiki", "imdb"], 2, "Received: 'imdb'"),
        (["sample", "--out", "o", "--faces", "0"], 2, "Received: 0"),
        (
            ["promote", "--store", "s", "--alias", "older", "--version", "3"],
            2,
            "Received: alias 'older', version 3",
        ),
    ],
)
def test_bad_input_gets_one_line_and_its_exit_code(
    arguments: list[str], code: int, says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(arguments) == code
    assert says in complaint(capsys)


def test_exit_code_is_the_same_where_nobody_reads_the_complaint(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    with open(writer, "w", encoding="utf-8") as pipe:  # noqa: PTH123
        monkeypatch.setattr(sys, "stderr", pipe)
        assert cli.main(["download", "wiki"]) == 2


def test_refusal_stays_one_where_nobody_reads_its_table(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def refused(out: str, progress: object = None) -> None:
        """Refuse."""
        raise GateRefusedError("refused: worse.", table="a table")

    monkeypatch.setitem(cli.STEPS, "sample", refused)
    reader, writer = os.pipe()
    os.close(reader)
    with open(writer, "w", encoding="utf-8") as pipe:  # noqa: PTH123
        monkeypatch.setattr(sys, "stdout", pipe)
        assert cli.main(["sample", "--out", "o"]) == 5
    assert "refused: worse." in complaint(capsys)


def test_wrong_value_in_yaml_is_told_in_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "e.yaml"
    file.write_text("model: {width: 2}\n")
    assert cli.main(["train", "--store", "s", "--experiment", str(file)]) == 2
    assert "width" in complaint(capsys)


def test_file_that_is_no_archive_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "faces.tar"
    file.write_text("not an archive")
    out = tmp_path / "store"
    arguments = ["prep", "--source", "wiki", "--archive", str(file), "--out", str(out)]
    assert cli.main(arguments) == 3
    assert "faces.tar" in complaint(capsys)
    assert not out.exists()


def test_matlab_file_of_something_else_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "other.mat"
    scipy.io.savemat(file, {"sunspots": np.arange(3)})
    arguments = ["prep", "--source", "wiki", "--metadata", str(file), "--dry-run"]
    assert cli.main(arguments) == 3
    assert "sunspots" in complaint(capsys)


def test_prep_offers_every_source_that_there_is() -> None:
    assert set(get_args(Source)) == {*SOURCES, "table"}


def test_dry_run_on_the_genuine_metadata_keeps_the_published_rows(
    shared_data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    genuine = shared_data / "imdb-wiki" / "wiki.mat"
    arguments = ["prep", "--source", "wiki", "--metadata", str(genuine), "--dry-run"]
    bounds = ["--rules.min_age", "0", "--rules.max_age", "100"]
    assert cli.main([*arguments, *bounds]) == 0
    funnel = json.loads(capsys.readouterr().out)
    assert funnel["read"] == 62_328
    assert funnel["kept"] == 38_138
    assert funnel["read"] == funnel["kept"] + sum(funnel["dropped"].values())


def test_defect_of_ours_is_told_in_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def broken(out: str, progress: object = None) -> None:
        """Break."""
        raise RuntimeError("two\nlines")

    monkeypatch.setitem(cli.STEPS, "sample", broken)
    assert cli.main(["sample", "--out", "o"]) == 1
    assert "a defect of ours: RuntimeError: two lines" in complaint(capsys)


def test_interruption_has_its_own_exit_code(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def slow(out: str, progress: object = None) -> None:
        """Wait."""
        raise KeyboardInterrupt

    monkeypatch.setitem(cli.STEPS, "sample", slow)
    assert cli.main(["sample", "--out", "o"]) == 130
    assert "interrupted" in complaint(capsys)


def test_unknown_option_raises_for_python_callers() -> None:
    with pytest.raises(ConfigError, match="colour"):
        cli.parse("sample", ["--out", "o", "--colour", "red"])


def test_outputs_of_entry_points_need_not_be_there_yet() -> None:
    # `mlflow run` refuses a `path` that is not.
    text = Path(__file__).parents[1].joinpath("MLproject").read_text(encoding="utf-8")
    for step in yaml.safe_load(text)["entry_points"].values():
        out = step.get("parameters", {}).get("out", {"type": "string"})
        assert out["type"] == "string"


def test_what_the_machine_refuses_is_no_defect_of_ours(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    def refused(out: str, progress: object = None) -> None:
        """Write to a file whose name no file system takes."""
        (tmp_path / out).write_text("")

    monkeypatch.setitem(cli.STEPS, "sample", refused)
    too_long = "o" * 300
    assert cli.main(["sample", "--out", too_long]) == 3
    told = complaint(capsys)
    assert f"{too_long}' cannot be used: File name too long." in told
