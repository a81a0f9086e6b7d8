"""Which of several clocks ticks. The lock is the database's, so it cannot be held
twice, and it is free again as soon as its holder is gone."""

import logging

import psycopg
from psycopg.conninfo import conninfo_to_dict, make_conninfo

log = logging.getLogger(__name__)

# Any number will do that nothing else on the same database locks.
_LOCK = 7_261_145_001
_CONNECT_SECONDS = 5
# A holder that vanished without a word is noticed by the server's keepalives.
_KEEPALIVES = (
    "keepalives=1 keepalives_idle=10 keepalives_interval=5 keepalives_count=3 "
    "tcp_user_timeout=25000"
)


class Alone:
    """The only clock there is: its process holds the home."""

    def is_ours(self) -> bool:
        return True

    def give_up(self) -> None:
        """Nobody waits for it."""


class AdvisoryLock:
    """An advisory lock of PostgreSQL, held by a connection of its own."""

    def __init__(self, database_url: str) -> None:
        self.url = database_url
        self._connection: psycopg.Connection[tuple[bool]] | None = None

    def is_ours(self) -> bool:
        """Whether the lock is held here, by now if it was free."""
        try:
            return self._is_held() or self._take()
        except psycopg.Error as error:
            log.warning("the clock stands still, the database is gone: %s", error)
            self.give_up()
            return False

    def give_up(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _is_held(self) -> bool:
        if self._connection is None:
            return False
        self._connection.execute("SELECT 1")
        return True

    def _take(self) -> bool:
        connection = psycopg.connect(
            make_conninfo(self.url, **conninfo_to_dict(_KEEPALIVES)),
            autocommit=True,
            connect_timeout=_CONNECT_SECONDS,
            application_name="trailmap-beat",
        )
        row = connection.execute("SELECT pg_try_advisory_lock(%s)", (_LOCK,)).fetchone()
        if row == (True,):
            log.info("this clock ticks")
            self._connection = connection
            return True
        connection.close()
        return False
