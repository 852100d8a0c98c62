"""YAML that stands for no more than what is written in it."""

from pathlib import Path
from typing import Any

import yaml


class _Plain(yaml.SafeLoader):
    """A safe loader without aliases: few of them stand for more than memory holds."""

    def compose_node(self, parent: yaml.Node | None, index: Any) -> yaml.Node | None:
        """Read the next node."""
        if self.check_event(yaml.AliasEvent):
            raise yaml.YAMLError("it has aliases (*name): write their values out")
        node: yaml.Node | None = super().compose_node(parent, index)
        return node


def read_plain(path: str | Path) -> Any:
    """Read a YAML or JSON file.

    Raises:
        OSError: If it cannot be read.
        ValueError: If it is none, has aliases or is nested without end; in one line.
    """
    try:
        return yaml.load(Path(path).read_text(encoding="utf-8"), _Plain)  # noqa: S506
    except (RecursionError, yaml.YAMLError) as error:
        raise ValueError(" ".join(str(error).split())) from error
