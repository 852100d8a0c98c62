"""What a request to the served model may ask for beside its photos."""

from dataclasses import asdict
from typing import Any, Final

from agegender.config import AbstainRules

PARAMS: Final[dict[str, Any]] = {
    "interval": 0.9,
    "age_probabilities": False,
    "crops": False,
} | {f"abstain_{name}": value for name, value in asdict(AbstainRules()).items()}
"""Name -> value unless asked for otherwise; the signature takes its types from it."""
