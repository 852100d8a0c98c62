"""An ONNX file that holds all of its network.

ONNX may keep weights in other files, and name them as it likes. A network of ours is
one file, so whatever names another is refused before a runtime follows the name: one
takes a name for an address in its own memory, others wait at a pipe without end.
"""

import mmap
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from agegender.errors import ModelError, first_line

if TYPE_CHECKING:
    import onnx

_KEY: Final = b"location"
"""What stands, in these bytes, in every file that names another one."""


def require_lone(path: Path) -> None:
    """Raise where an ONNX file names another one for its weights.

    Args:
        path: What is no ONNX file at all is left to whoever reads it.

    Raises:
        ModelError: If it does, or is no file that can be read.
    """
    try:
        is_suspect = _holds(path, _KEY)
    except OSError as error:
        reason = error.strerror or error
        raise ModelError(f"{path} is not an ONNX network: {reason}.") from error
    if is_suspect:
        read_lone(path)


def read_lone(path: Path) -> "onnx.ModelProto":
    """Read an ONNX file that holds all of its network.

    Raises:
        ModelError: If it is none.
    """
    import onnx  # noqa: PLC0415 - slow to load

    try:
        model = onnx.load_model(path, load_external_data=False)
    # What is damaged raises an error of protobuf's, which onnx does not name.
    except Exception as error:
        raise ModelError(
            f"{path} is not an ONNX network: {first_line(error)}"
        ) from error
    for tensor in _tensors(model):
        if tensor.external_data or tensor.data_location:
            named = {entry.key: entry.value for entry in tensor.external_data}
            raise ModelError(
                f"{path} is not an ONNX network in one file: its weights lie in "
                f"{named.get('location', '')!r}. Write them into it, as "
                "onnx.save_model does, or export it again."
            )
    return model


def _holds(path: Path, text: bytes) -> bool:
    if not path.is_file():
        raise FileNotFoundError(2, "there is no such file")
    if path.stat().st_size == 0:
        return False
    with (
        path.open("rb") as file,
        mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content,
    ):
        return content.find(text) >= 0


def _tensors(model: Any) -> Iterator[Any]:
    """Yield every constant of a model, wherever in it."""
    waiting = [model]
    while waiting:
        message = waiting.pop()
        if message.DESCRIPTOR.name == "TensorProto":
            yield message
        for field, value in message.ListFields():
            if field.message_type is not None:
                one = hasattr(value, "ListFields")
                waiting.extend([value] if one else value)
