from pathlib import Path

import keras
import pytest

from agegender.train.precision import accelerator, cpu_has_bfloat16, dtype_policy


@pytest.mark.parametrize(
    ("flags", "found"),
    [
        ("fpu sse2 avx512f avx512_bf16 gfni", True),
        ("fpu amx_tile amx_bf16", True),
        ("fpu sse2 avx512f", False),
        ("fpu not_avx512_bf16", False),
        ("", False),
    ],
)
def test_cpu_flags_tell_bfloat16(tmp_path: Path, flags: str, *, found: bool) -> None:
    file = tmp_path / "cpuinfo"
    file.write_text(f"processor\t: 0\nmodel name\t: x\nflags\t\t: {flags}\n")
    assert cpu_has_bfloat16(file) is found


def test_machine_without_the_list_of_flags_has_none(tmp_path: Path) -> None:
    assert not cpu_has_bfloat16(tmp_path / "absent")


@pytest.mark.parametrize("name", ["float32", "mixed_bfloat16"])
def test_explicit_precision_is_obeyed(name: str) -> None:
    assert dtype_policy(name) == name


def test_auto_chooses_a_policy_that_keras_knows() -> None:
    assert keras.DTypePolicy(dtype_policy("auto")).variable_dtype == "float32"
    assert accelerator() in {"cpu", "gpu", "tpu"}
