"""Redis from Debian's packages."""

import shutil

import redis

from tests.servers.process import ServerProcess, install, own_folder


def _answers(port: int) -> bool:
    try:
        return bool(redis.Redis(port=port, socket_timeout=2).ping())
    except redis.RedisError:
        return False


class Redis:
    name = "redis"

    def __init__(self) -> None:
        self.process = ServerProcess(self.name, _answers)

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.process.port}/0"

    def start(self) -> None:
        """Raises CannotProvide."""
        if shutil.which("redis-server") is None:
            install("redis-server")
        own_folder(self.process.folder)
        command = [
            *("redis-server", "--port", str(self.process.port)),
            *("--bind", "127.0.0.1", "--save", "", "--appendonly", "no"),
        ]
        self.process.start(command, {}, seconds=20)

    def stop(self) -> None:
        self.process.stop()
