"""Where the cameras are, by number, on each system."""

import sys

import av
from av.error import FFmpegError

from agegender.errors import ConfigError, DataError

Address = tuple[str, str, dict[str, str]]
"""What FFmpeg opens: a name, the input format, its options."""


def camera_address(number: int, system: str = sys.platform) -> Address:
    """Return where FFmpeg finds a camera.

    Args:
        number: From 0.
        system: As `sys.platform` names it.

    Raises:
        DataError: If there is no such camera.
        ConfigError: If nothing is known of the system's cameras.
    """
    if system == "linux":
        return f"/dev/video{number}", "v4l2", {}
    if system == "darwin":
        # Most cameras of Apple's refuse the rate that FFmpeg would ask for.
        return f"{number}:none", "avfoundation", {"framerate": "30"}
    if system == "win32":
        return f"video={_windows_name(number)}", "dshow", {}
    raise ConfigError(f"cameras of {system} are not known. Give the path of a film.")


def _windows_name(number: int) -> str:
    """Return a camera's name: Windows knows no numbers."""
    try:
        devices = av.enumerate_input_devices("dshow")
    except (FFmpegError, ValueError) as error:
        raise DataError(f"the cameras cannot be listed: {error}.") from error
    names = [one.name for one in devices if "video" in one.media_types]
    if number >= len(names):
        raise DataError(f"no camera {number}. Found: {', '.join(names) or 'none'}.")
    return names[number]
