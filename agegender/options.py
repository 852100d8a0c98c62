"""How options are typed, and how the parser knows them."""

import re
from collections.abc import Container, Mapping, Sequence
from dataclasses import fields
from inspect import Parameter
from typing import TypeAlias

from agegender.config import Experiment, GateConfig
from agegender.errors import ConfigError

Parameters: TypeAlias = Mapping[str, Parameter]
"""Of a step's function, by name."""

FILES = {"experiment": Experiment, "gate": GateConfig}
"""Options that are a file of settings -> what the settings are of."""

SUBJECTS = ("what", "file")
"""Options that are what a step is about: the first bare word names them."""


def as_typed(line: str, own: Container[str] = ()) -> str:
    """Spell options as typed: dashes, no `experiment.` but before a step's own name."""

    def shorter(match: re.Match[str]) -> str:
        short = match[1].removeprefix("experiment.")
        name = match[1] if short in own else short
        head, *rest = name.split(".")
        return "--" + ".".join([head.replace("_", "-"), *rest])

    return re.sub(r"--([A-Za-z_]\w*(?:\.\w+)*)", shorter, line)


def complaint(text: str, own: Container[str] = ()) -> str:
    """Say in our words what the parser has against an option; else in its own.

    Args:
        text: The parser's, on one line.
        own: Names of the step's own options.
    """
    if unknown := _UNKNOWN.fullmatch(text):
        return as_typed(f"there is no option {unknown[1]}.", own)
    if section := _SECTION.fullmatch(text):
        option = as_typed(f"--{section[1]}", own)
        return (
            f"{option} has settings of its own: name one, as {option}.NAME VALUE. "
            f"Received: {section[2]}."
        )
    if not (wrong := _WRONG.fullmatch(text)):
        return as_typed(text if text.endswith(".") else f"{text}.", own)
    name, expected, value = wrong.groups()
    if literal := _LITERAL.search(expected):
        what = f"one of {', '.join(dict.fromkeys(_WORD.findall(literal[1])))}"
    else:
        kind = _CLASS.search(expected)
        what = _KINDS.get(kind[1], kind[1]) if kind else "of another kind"
    return f"{as_typed(f'--{name}', own)} must be {what}. Received: {value}."


_UNKNOWN = re.compile(r"unrecognized arguments: (--[\w.]+).*")
_SECTION = re.compile(
    r"Parser key \"([\w.]+)\": Unable to load config ('.*?') - Parser key .*"
)
_WRONG = re.compile(
    r"Parser key \"([\w.]+)\": (?=Expected a|Does not validate)(.*?) "
    r"(?:Got|Given) value: ?(.*)"
)
_LITERAL = re.compile(r"typing\.Literal\[(.*?)\]")
_CLASS = re.compile(r"<class '(\w+)'>")
_WORD = re.compile(r"[\w-]+")
_LISTED = re.compile(r"\[.*\]", re.DOTALL)
_KINDS = {"int": "a whole number", "float": "a number", "bool": "true or false"} | {
    "dict": "settings by their names",
    "list": "a list",
    "str": "text",
}


def as_known(
    name: str, parameters: Parameters, options: Sequence[str]
) -> tuple[list[str], dict[str, list[str] | str]]:
    """Spell what a person types the way the parser knows it.

    `--dry-run` becomes `--dry_run=true`, `--no-resume` becomes `--resume=false`,
    `--model.depth` becomes `--experiment.model.depth`, and bare words become the
    list of paths, or the first of them what the step is about. Lists, and texts that
    may be left out, are returned beside that: as YAML, which the parser reads, no word
    could be just any name; `#1` would be nothing.

    Args:
        name: Of the step.
        parameters: Of its function.
        options: As typed, after the step's name.

    Raises:
        ConfigError: If there are bare words, and the step takes none.
    """
    spelled, paths, taken = _sorted(parameters, options)
    for subject in SUBJECTS:
        is_named = any(word.startswith(f"--{subject}=") for word in spelled)
        if paths and subject in parameters and not is_named:
            spelled.append(f"--{subject}={paths.pop(0)}")
    if paths and "paths" not in parameters:
        raise ConfigError(
            f"`agegender {name}` takes options only. Received: {paths[0]!r}. "
            f"See `agegender {name} --help`."
        )
    if paths:
        taken["paths"] = paths
    # A file comes first: the parser lets what follows win, and options are beside it.
    spelled.sort(key=lambda word: word.partition("=")[0][2:] not in FILES)
    lists = [key for key, value in taken.items() if isinstance(value, list)]
    return [*spelled, *(f"--{key}=[]" for key in lists)], taken


def _sorted(
    parameters: Parameters, options: Sequence[str]
) -> tuple[list[str], list[str], dict[str, list[str] | str]]:
    """Tell options of one value, bare words, and what is taken as it is apart."""
    sections = {field.name for field in fields(Experiment)} - set(parameters)
    waiting = [_affirmed(parameters, word) for word in options]
    spelled: list[str] = []
    paths: list[str] = []
    taken: dict[str, list[str] | str] = {}
    while waiting:
        word = waiting.pop(0)
        if word == "--":  # what follows are names, however they begin
            paths += waiting
            break
        if not word.startswith("--"):
            paths.append(word)
            continue
        key, equals, given = word[2:].partition("=")
        key = _key(key, sections if "experiment" in parameters else set())
        if _is_list(parameters, key):
            words = [given] * bool(equals) + _words(waiting)
            if len(words) == 1 and _LISTED.fullmatch(words[0]):
                spelled.append(f"--{key}={words[0]}")
            else:
                taken[key] = words
            continue
        value = _value(parameters, key, given if equals else None, waiting)
        if key == "paths" and not _LISTED.fullmatch(value or ""):
            paths.append(value or "")
            continue
        if value not in {None, "null"} and _is_optional_text(parameters, key):
            taken[key] = str(value)
            continue
        spelled.append(f"--{key}" if value is None else f"--{key}={value}")
    return spelled, paths, taken


def _value(
    parameters: Parameters, key: str, given: str | None, waiting: list[str]
) -> str | None:
    """Return an option's value, taking the word that is it from those waiting.

    A switch takes none; None if there is no value.
    """
    if given is not None:
        return given
    follows = bool(waiting) and not waiting[0].startswith("--")
    if follows and not _is_flag(parameters, key, waiting[0]):
        return waiting.pop(0)
    return "true" if _is_bool(parameters, key) else None


def _words(waiting: list[str]) -> list[str]:
    """Take all words up to the next option, as a list does."""
    words = []
    while waiting and not waiting[0].startswith("--"):
        words.append(waiting.pop(0))
    return words


def _affirmed(parameters: Parameters, word: str) -> str:
    """Say `--resume=false` for `--no-resume`."""
    negation, _, rest = word.partition("--no-")
    name = rest.replace("-", "_")
    return word if negation or not _is_bool(parameters, name) else f"--{name}=false"


def _key(key: str, sections: set[str]) -> str:
    head, dot, rest = key.replace("-", "_").partition(".")
    prefix = "experiment." if head in sections else ""
    return f"{prefix}{head}{dot}{rest}"


def _is_bool(parameters: Parameters, key: str) -> bool:
    return key in parameters and parameters[key].annotation is bool


def _is_list(parameters: Parameters, key: str) -> bool:
    of_words = key in parameters and "list[str]" in str(parameters[key].annotation)
    return of_words and key != "paths"


def _is_optional_text(parameters: Parameters, key: str) -> bool:
    return key in parameters and parameters[key].annotation == str | None


def _is_flag(parameters: Parameters, key: str, following: str) -> bool:
    """Tell a bare switch followed by a path from a switch with its value."""
    return _is_bool(parameters, key) and following.lower() not in {"true", "false"}
