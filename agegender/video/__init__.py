"""Films: frames in, tracked faces with ages that do not jump out. FFmpeg by PyAV."""

from agegender.errors import ConfigError

try:
    import av  # noqa: F401 - only whether it is there
except ImportError as error:
    raise ConfigError(
        'films need the package av: pip install "agegender[video]".'
    ) from error
