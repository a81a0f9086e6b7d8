"""PostgreSQL from Debian's packages."""

import os
import signal
from pathlib import Path

import psycopg

from tests.servers.process import (
    CannotProvide,
    ServerProcess,
    install,
    own_folder,
    run,
)

_USER = "trailmap"
_VERSIONS = Path("/usr/lib/postgresql")


def _answers(port: int) -> bool:
    try:
        psycopg.connect(_address(port, "postgres"), connect_timeout=2).close()
    except psycopg.OperationalError:
        return False
    return True


def _address(port: int, database: str) -> str:
    return f"postgresql://{_USER}@127.0.0.1:{port}/{database}"


class PostgreSQL:
    name = "postgresql"

    def __init__(self) -> None:
        self.process = ServerProcess(self.name, _answers)

    @property
    def url(self) -> str:
        return _address(self.process.port, _USER)

    def start(self) -> None:
        """Raises CannotProvide."""
        programs = _programs()
        data = own_folder(self.process.folder) / "data"
        port = self.process.port
        is_new = not data.exists()
        if is_new:
            initdb = [str(programs / "initdb"), "-D", str(data), "-U", _USER]
            run([*initdb, "-A", "trust", "-E", "UTF8"], self.process.folder)
        # A crash of the machine is not what is tested here: no fsync.
        command = [
            *(str(programs / "postgres"), "-D", str(data), "-h", "127.0.0.1"),
            *("-p", str(port), "-k", str(self.process.folder), "-c", "fsync=off"),
            *("-c", "max_connections=200"),
        ]
        self.process.start(command, {}, seconds=60)
        if is_new:
            create_database(self, _USER)

    def stop(self) -> None:
        # "Fast": connections are ended, nothing is lost.
        self.process.stop(signal.SIGINT)


def create_database(server: PostgreSQL, name: str) -> str:
    """An empty database of this name; its URL."""
    admin = _address(server.process.port, "postgres")
    with psycopg.connect(admin, autocommit=True) as connection:
        connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
        connection.execute(f'CREATE DATABASE "{name}"')
    return _address(server.process.port, name)


def _programs() -> Path:
    """Where the newest version's programs are. Raises CannotProvide."""
    if not _installed():
        install("postgresql")
    found = _installed()
    if not found:
        raise CannotProvide(f"no PostgreSQL below {_VERSIONS}")
    return found[-1]


def _installed() -> list[Path]:
    found = [
        one for one in _VERSIONS.glob("*/bin") if os.access(one / "initdb", os.X_OK)
    ]
    return sorted(found, key=lambda one: float(one.parent.name))
