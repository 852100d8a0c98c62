"""Write docs/cli.md from the help texts; `--check` only compares.

Run by `make docs` and `make check`.
"""

import os
import sys
from pathlib import Path

os.environ["COLUMNS"] = "88"

from agegender import cli

PAGE = Path(__file__).with_name("cli.md")
HEAD = """# Command line

Made by `make docs` from the help texts; edit those. Each step is also an entry point
of `mlflow run . -e STEP -P option=value`.
"""


def reference() -> str:
    """Return the page: the overview, then each step's help."""
    parts = [HEAD, "```\n" + cli.overview() + "\n```\n"]
    for name in cli.STEPS:
        text = "\n".join(line.rstrip() for line in cli.step_help(name).splitlines())
        parts.append(f"## {name}\n\n```\n{text.rstrip()}\n```\n")
    return "\n".join(parts)


if __name__ == "__main__":
    text = reference()
    if "--check" in sys.argv:
        if PAGE.read_text(encoding="utf-8") != text:
            sys.exit("docs/cli.md is not what the help says. Run `make docs`.")
    else:
        PAGE.write_text(text, encoding="utf-8")
