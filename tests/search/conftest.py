"""What tests of studies share; makes the modules beside them importable."""

import sys
from pathlib import Path

import pytest

# Here and in worker processes.
sys.path.insert(0, str(Path(__file__).parent))


@pytest.fixture
def storage(tmp_path: Path) -> str:
    """Return the address of a database for studies, not made yet."""
    return f"sqlite:///{(tmp_path / 'study.db').as_posix()}"
