"""One at a time, among all who reach a PostgreSQL: its advisory locks.

They lock no table, and whoever loses the connection lets go of them.
"""

import contextlib
from collections.abc import Iterator
from typing import Final

import sqlalchemy
from sqlalchemy.pool import NullPool

PATIENCE_SECONDS: Final = 60.0


@contextlib.contextmanager
def alone_in(url: str, key: int) -> Iterator[None]:
    """Keep out everybody who asks for the same.

    Args:
        url: Of the database, `postgresql…://`.
        key: Tells one thing to be done from another, 0..2^63 - 1.

    Raises:
        sqlalchemy.exc.SQLAlchemyError: If the database does not answer, or others
            have the lock for a minute.
    """
    engine = sqlalchemy.create_engine(url, poolclass=NullPool)
    connection = engine.connect()
    try:
        wait = sqlalchemy.text(f"SET LOCAL lock_timeout = '{PATIENCE_SECONDS:.0f}s'")
        connection.execute(wait)
        lock = sqlalchemy.text("SELECT pg_advisory_xact_lock(:key)")
        connection.execute(lock, {"key": key})
        yield
    finally:
        # Ends the transaction, and the lock with it; a lost connection has already.
        with contextlib.suppress(sqlalchemy.exc.SQLAlchemyError):
            connection.close()
