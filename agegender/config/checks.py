"""How a setting says that its value will not do."""

from collections.abc import Iterable

from agegender.errors import ConfigError

LARGEST = 3.4e38
"""What float32, in which networks learn, can hold."""


def require(holds: bool, message: str) -> None:
    """Raise `ConfigError` with the message unless the condition holds."""
    if not holds:
        raise ConfigError(message)


def require_finite(section: str, settings: object) -> None:
    """Raise `ConfigError` where float32 has no finite number for one of a section."""
    for name, value in vars(settings).items():
        require(
            not isinstance(value, (int, float)) or abs(value) <= LARGEST,
            f"{section}.{name} must be a finite number, {LARGEST:g} at most. "
            f"Received: {value}.",
        )


def require_not_negative(section: str, settings: object, names: Iterable[str]) -> None:
    """Raise `ConfigError` where one of a section's named settings is below 0."""
    for name in names:
        value = getattr(settings, name)
        require(
            value >= 0, f"{section}.{name} must not be negative. Received: {value}."
        )
