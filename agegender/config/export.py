"""In which forms a network leaves the project."""

from typing import Final, Literal

from agegender.errors import ConfigError

ExportFormat = Literal["onnx", "litert", "keras", "saved-model"]
Precision = Literal["float32", "float16", "int8"]
Runtime = Literal["onnxruntime", "openvino"]
"""What runs an exported network: in float32, or in bfloat16 where the processor can."""

PRECISIONS: Final[dict[ExportFormat, tuple[Precision, ...]]] = {
    "onnx": ("float32", "float16", "int8"),
    "litert": ("float32", "float16", "int8"),
    "keras": ("float32",),
    "saved-model": ("float32",),
}
"""Which precisions there are of each format."""

SUFFIXES: Final[dict[ExportFormat, str]] = {
    "onnx": ".onnx",
    "litert": ".tflite",
    "keras": ".keras",
    "saved-model": "",
}
"""How a file of each format is called; a SavedModel is a folder."""


def require_offered(form: ExportFormat, precision: Precision) -> None:
    """Raise `ConfigError` where a format does not come in a precision."""
    if precision in PRECISIONS[form]:
        return
    offered = "; ".join(f"{name}: {', '.join(p)}" for name, p in PRECISIONS.items())
    raise ConfigError(
        f"there is no {form} in {precision}. Choose from {offered}. "
        f"Received: --format {form} --precision {precision}."
    )
