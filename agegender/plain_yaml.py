"""YAML that stands for no more than what is written in it."""

import json
import re
from contextlib import suppress
from pathlib import Path
from typing import Any

import yaml


class _Plain(yaml.SafeLoader):
    """A safe loader without aliases: few of them stand for more than memory holds.

    1e-3 is a number, as in YAML 1.2 and JSON, and a day is the text that it is written.
    """

    yaml_implicit_resolvers = {  # noqa: RUF012 - as the loader's own
        first: [pair for pair in pairs if pair[0] != "tag:yaml.org,2002:timestamp"]
        for first, pairs in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }

    def compose_node(self, parent: yaml.Node | None, index: Any) -> yaml.Node | None:
        """Read the next node."""
        if self.check_event(yaml.AliasEvent):
            raise yaml.YAMLError("it has aliases (*name): write their values out")
        node: yaml.Node | None = super().compose_node(parent, index)
        return node


_Plain.add_implicit_resolver(
    "tag:yaml.org,2002:float",
    re.compile(r"[-+]?(\d+\.?\d*|\.\d+)[eE][-+]?\d+$"),
    list("-+.0123456789"),
)


class _Quoted(yaml.SafeDumper):
    """Puts all texts in quotes: readers differ in which bare ones are numbers."""


_Quoted.add_representer(
    str,
    lambda dumper, text: dumper.represent_scalar("tag:yaml.org,2002:str", text, '"'),
)


def written(values: Any) -> str:
    """Write plain values as YAML in braces, as any reader of YAML takes them."""
    text: str = yaml.dump(
        values, Dumper=_Quoted, default_flow_style=True, allow_unicode=True, width=1e9
    )
    return text


def read_plain(path: str | Path) -> Any:
    """Read a YAML or JSON file.

    Raises:
        OSError: If it cannot be read.
        ValueError: If it is none, has aliases or is nested without end; in one line.
    """
    return parse_plain(Path(path).read_text(encoding="utf-8"))


def parse_plain(text: str) -> Any:
    """Read a text in YAML or JSON.

    Raises:
        ValueError: If it is none, has aliases or is nested without end; in one line.
    """
    # YAML takes no tabs before a line, nor letters that JSON spells in two halves.
    with suppress(ValueError, RecursionError):
        return json.loads(text, parse_constant=str)
    try:
        return yaml.load(text, _Plain)  # noqa: S506 - a safe loader
    except (RecursionError, yaml.YAMLError) as error:
        raise ValueError(" ".join(str(error).split())) from error
