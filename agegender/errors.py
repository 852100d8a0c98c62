"""One family of errors, each with the exit code that the command line documents.

A message says what was wrong, what was received and what to do, in one line.
"""


class AgeGenderError(Exception):
    """Base of every error that a user can cause or mend."""

    exit_code: int = 1


class ConfigError(AgeGenderError):
    """A setting or an option is wrong."""

    exit_code = 2


class UnfitError(ConfigError):
    """Settings, each of them right, do not go together on these faces."""


class DataError(AgeGenderError):
    """An archive, store or photo cannot be used."""

    exit_code = 3


class ModelError(AgeGenderError):
    """A model, version or alias is missing or unfit."""

    exit_code = 4


class GateRefusedError(AgeGenderError):
    """The challenger did not pass the gate; the champion stays.

    Args:
        message: Why, in one line.
        table: Every check and what came of it, for reading.
    """

    exit_code = 5

    def __init__(self, message: str, table: str = "") -> None:
        super().__init__(message)
        self.table = table


LONGEST = 400
"""Characters of others' errors that are told: some quote numbers without end."""


def first_line(error: BaseException) -> str:
    """Return the first line of an error that others raised, or what kind it is."""
    line = str(error).strip().split("\n", 1)[0] or type(error).__name__
    return line if len(line) <= LONGEST else f"{line[:LONGEST]}..."
