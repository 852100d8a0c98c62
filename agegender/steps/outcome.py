"""What a step gives back."""

import json
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Outcome:
    """The result of a step.

    Args:
        data: For programs; plain values, ready for JSON.
        text: For people; what the command line prints.
        exit_code: Of the command line; above 0 where nothing could be answered.
        complaint: Why, in one line, for standard error.
    """

    data: dict[str, Any]
    text: str
    exit_code: int = 0
    complaint: str | None = None

    @classmethod
    def of_json(cls, data: dict[str, Any]) -> "Outcome":
        """Return an outcome that people and programs read alike."""
        return cls(data, json.dumps(data, indent=2))
