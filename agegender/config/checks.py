"""How a setting says that its value will not do."""

import math

from agegender.errors import ConfigError


def require(holds: bool, message: str) -> None:
    """Raise `ConfigError` with the message unless the condition holds."""
    if not holds:
        raise ConfigError(message)


def require_finite(section: str, settings: object) -> None:
    """Raise `ConfigError` where a number of a section is infinite or none at all."""
    for name, value in vars(settings).items():
        require(
            not isinstance(value, float) or math.isfinite(value),
            f"{section}.{name} must be a finite number. Received: {value}.",
        )
