"""What is waited for, and what is not."""

from pathlib import Path

import pytest
from sqlalchemy import create_engine
from sqlalchemy.exc import OperationalError

from agegender.patience import is_database_away


@pytest.fixture
def address(tmp_path: Path) -> str:
    """Return the address of a database with one empty table."""
    address = f"sqlite:///file:{tmp_path.as_posix()}/some.db?uri=true"
    with create_engine(address).begin() as opened:
        opened.exec_driver_sql("CREATE TABLE one (n INTEGER)")
    return address


def error_of(address: str, statement: str) -> OperationalError:
    engine = create_engine(address, connect_args={"timeout": 0.0})
    with pytest.raises(OperationalError) as raised, engine.begin() as opened:
        opened.exec_driver_sql(statement)
    return raised.value


def test_database_that_another_writes_to_is_away(address: str) -> None:
    with create_engine(address).begin() as other:
        other.exec_driver_sql("BEGIN EXCLUSIVE")
        error = error_of(address, "INSERT INTO one VALUES (1)")
    assert is_database_away(error)


@pytest.mark.parametrize(
    ("mode", "statement"),
    [("&mode=ro", "INSERT INTO one VALUES (1)"), ("", "INSERT INTO two VALUES (1)")],
)
def test_database_that_refuses_is_not_away(
    address: str, mode: str, statement: str
) -> None:
    assert not is_database_away(error_of(address + mode, statement))
