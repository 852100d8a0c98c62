"""The command line: options in, one outcome or one clear line out.

A step's options are its function's parameters; help, types and YAML files come
from jsonargparse. This module knows no machine learning, and `agegender --help`
imports nothing that takes time.
"""

import contextlib
import errno
import inspect
import io
import os
import re
import sys
from collections.abc import Callable, Container, Sequence
from typing import Any

from agegender import __version__, steps
from agegender.config import Experiment, require_settings
from agegender.errors import AgeGenderError, ConfigError, DataError, GateRefusedError
from agegender.options import FILES, SUBJECTS, as_known, as_typed, complaint
from agegender.terminal import (
    TerminalProgress,
    as_text,
    keep_streams,
    let_go,
    printed,
    tell,
    warn_in_text,
)

INTERRUPTED = 130
DEFECT = 1

NOT_OURS = frozenset(
    {
        errno.EACCES,
        errno.EDQUOT,
        errno.EIO,
        errno.ELOOP,
        errno.ENAMETOOLONG,
        errno.ENOSPC,
        errno.EPERM,
        errno.EROFS,
    }
)
"""What a machine refuses a program that is in order: a person can mend it."""

STEPS: dict[str, Callable[..., steps.Outcome]] = {
    step.__name__.replace("_", "-"): step for step in steps.ALL
}
NOT_OPTIONS: set[str | int] = {"progress"}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one subcommand.

    Args:
        arguments: What follows `agegender`; the process's own by default.

    Returns:
        The exit code: 0 done, 2 usage or configuration, 3 data, 4 model or
        registry, 5 refused by the gate, 1 a defect of ours, 130 interrupted.
    """
    given = list(sys.argv[1:] if arguments is None else arguments)
    keep_streams()
    warn_in_text()
    if isinstance(sys.stdout, io.TextIOWrapper):
        # Names of files may hold letters that the encoding of a pipe lacks.
        sys.stdout.reconfigure(errors="backslashreplace")
    try:
        return _answer(given)
    except AgeGenderError as error:
        return _complain(str(error), error.exit_code)
    except KeyboardInterrupt:
        return _complain("interrupted.", INTERRUPTED)
    except BrokenPipeError:
        # The reader of a step's answers has gone (`| head`): it has what it wants.
        let_go(sys.stdout)
        return 0
    except Exception as error:
        if os.environ.get("AGEGENDER_DEBUG"):
            raise
        return _unexpected(error)


def _unexpected(error: Exception) -> int:
    if isinstance(error, OSError) and error.errno in NOT_OURS:
        place = "a file" if error.filename is None else repr(error.filename)
        return _complain(
            f"{place} cannot be used: {error.strerror}. Choose another, or mend what "
            "is in its way.",
            DataError.exit_code,
        )
    return _complain(
        f"a defect of ours: {type(error).__name__}: {_one_line(error)} "
        "Set AGEGENDER_DEBUG=1 to see where, and please report it.",
        DEFECT,
    )


def _answer(given: list[str]) -> int:
    try:
        return _run(given)
    except GateRefusedError as refusal:
        if refusal.table:
            _say(refusal.table)
        raise


def _run(given: list[str]) -> int:
    if not given or given[0] in {"-h", "--help"}:
        _say(overview())
        return 0
    if given[0] == "--version":
        _say(f"agegender {__version__}")
        return 0
    name, options = given[0], given[1:]
    if name not in STEPS:
        raise ConfigError(
            f"no such step. Received: {name!r}. Choose from: {', '.join(STEPS)}."
        )
    if "-h" in options or "--help" in options:
        _say(step_help(name))
        return 0
    return _run_step(STEPS[name], parse(name, options))


def _run_step(step: Callable[..., steps.Outcome], options: dict[str, Any]) -> int:
    with TerminalProgress() as progress:
        outcome = step(**options, progress=progress)
    if outcome.text:
        _say(outcome.text)
    if outcome.complaint is not None:
        return _complain(outcome.complaint, outcome.exit_code)
    return outcome.exit_code


def overview() -> str:
    """Return the help of `agegender` itself."""
    summaries = {
        name: (step.__doc__ or "").split("\n")[0] for name, step in STEPS.items()
    }
    return "\n".join(
        [
            "usage: agegender STEP [options]     (agegender STEP --help for a step's)",
            "",
            "How old a face looks: from an archive of faces to a promoted model.",
            "",
            *(f"  {name:<16}{summary}" for name, summary in summaries.items()),
            "",
            "exit codes: 0 done, 2 wrong usage or configuration, 3 data, 4 model or",
            "registry, 5 refused by the gate, 1 a defect of ours, 130 interrupted",
        ]
    )


def step_help(name: str) -> str:
    """Return the help of one step, options spelled as people type them."""
    kept = _NOISE.sub("", _parser(name).format_help())
    own = inspect.signature(STEPS[name]).parameters
    spelled = "\n".join(as_typed(line, own) for line in kept.splitlines())
    return re.sub(r"\n{3,}", "\n\n", spelled)


def parse(name: str, options: Sequence[str]) -> dict[str, Any]:
    """Turn the options of a step into its keyword arguments.

    Args:
        name: The step.
        options: As typed, after the step's name.

    Raises:
        ConfigError: If an option is unknown, missing, or of a wrong type.
    """
    parameters = inspect.signature(STEPS[name]).parameters
    spelled, taken = as_known(name, parameters, options)
    given = {word[2:].partition("=")[0] for word in spelled}
    if missing := [word for word in _needed(name) if word not in given]:
        raise ConfigError(
            f"`agegender {name}` needs {', '.join(map(_option, missing))}: see "
            f"`agegender {name} --help`."
        )
    spelled = _with_settings(spelled, parameters)
    parser = _parser(name)
    try:
        with contextlib.redirect_stderr(None):
            values = parser.parse_args(spelled)
        return dict(vars(parser.instantiate(values))) | taken
    except AgeGenderError:
        raise
    except (Exception, SystemExit) as error:
        cause = error.__cause__ or error.__context__ or error
        if isinstance(cause, AgeGenderError):
            raise cause from None
        raise ConfigError(
            f"{complaint(_one_line(error), parameters)} See `agegender {name} --help`."
        ) from None


def _with_settings(spelled: Sequence[str], known: Container[str]) -> list[str]:
    """Put settings in the place of the files that hold them, once they will do.

    The parser says too little of what is wrong with one, reads files by another YAML,
    and would import what stands there as the name of a class.
    """
    from agegender.plain_yaml import written  # noqa: PLC0415 - 0.02 s

    words = []
    for word in spelled:
        option, _, given = word[2:].partition("=")
        if option in FILES and option in known:
            values = _settings(option, given)
            require_settings(values, FILES[option], option if option == "gate" else "")
            words.append(f"--{option}={written(values)}")
            continue
        if option == "experiment.search.space" and "{" in given:
            space = _settings("search.space", given)
            require_settings({"search.space": space}, Experiment)
        words.append(word)
    return words


def _settings(option: str, given: str) -> dict[str, Any]:
    """Read settings: a file's, or those that stand in the option itself."""
    from agegender.plain_yaml import parse_plain, read_plain  # noqa: PLC0415 - 0.02 s

    try:
        values = parse_plain(given) if "{" in given else read_plain(given)
    except OSError:
        values = None
    except ValueError as error:
        raise ConfigError(f"settings {given} cannot be read: {error}.") from error
    if not isinstance(values, dict):
        raise ConfigError(
            f"--{option} must be a YAML file of settings, such as `model: {{depth: "
            f"16}}`. Received: {given!r}, which is not there or holds none."
        )
    return values


def _parser(name: str) -> Any:
    from jsonargparse import ArgumentParser  # noqa: PLC0415 - 0.3 s

    step = STEPS[name]
    parser = ArgumentParser(
        prog=f"agegender {name}",
        usage=_usage(name),
        exit_on_error=False,
        default_env=False,
        allow_abbrev=False,
    )
    parser.add_function_arguments(step, skip=NOT_OPTIONS, as_positional=False)
    return parser


def _usage(name: str) -> str:
    words = map(_option, _needed(name))
    return " ".join([f"agegender {name}", *words, "[options]"])


def _needed(name: str) -> list[str]:
    parameters = inspect.signature(STEPS[name]).parameters.values()
    return [p.name for p in parameters if p.default is inspect.Parameter.empty]


def _option(needed: str) -> str:
    bare = {"paths": "PATH ...", **{name: name.upper() for name in SUBJECTS}}
    return bare.get(needed, f"--{needed} {needed.upper()}")


# The parser offers a file for every section, those of the whole are enough, and a help
# for the values of a space, which `docs/search.md` has.
_NOISE = re.compile(
    rf"^  --(?!(?:{'|'.join(FILES)}) )\S+ CONFIG\s+Path(?:\s+\w+){{3}}\s+file\.\n"
    r"|^  --\S+\.help\s+Show\s+the\s+help\s+for\s+\w+\s+and\s+exit\.\n",
    re.MULTILINE,
)


def _one_line(error: BaseException) -> str:
    return re.sub(r"\s+", " ", str(error)).strip() or type(error).__name__


def _say(text: str) -> None:
    try:
        with printed():
            print(as_text(text), flush=True)
    except BrokenPipeError:
        # What came of the step does not change because nobody reads it.
        let_go(sys.stdout)


def _complain(message: str, code: int) -> int:
    tell(f"agegender: {message}")
    return code
