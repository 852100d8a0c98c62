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
        exit_code: Of the command line; 0 unless part of the input failed.
    """

    data: dict[str, Any]
    text: str
    exit_code: int = 0

    @classmethod
    def of_json(cls, data: dict[str, Any]) -> "Outcome":
        """Return an outcome that people and programs read alike."""
        return cls(data, json.dumps(data, indent=2))
