"""How a setting says that its value will not do."""

from agegender.errors import ConfigError


def require(holds: bool, message: str) -> None:
    """Raise `ConfigError` with the message unless the condition holds."""
    if not holds:
        raise ConfigError(message)
