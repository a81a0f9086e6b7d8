"""A worker in a process of its own, which tests kill and start again."""

from __future__ import annotations

import os
import selectors
import subprocess
import sys
from pathlib import Path
from typing import Any

from django.db import connection

_ROOT = Path(__file__).parents[1]


class Worker:
    """Runs a module that says `ready`, and `done` once it has worked at the time, in
    seconds since 1970, that it is told."""

    def __init__(self, module: str, settings: Any) -> None:
        self._module = module
        self._environment = {
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "dashboard.settings",
            "TRAILMAP_HOME": str(settings.HOME),
            "SECRET_KEY": "for-tests-only",
            "TESTS_DATABASE": str(connection.settings_dict["NAME"]),
            "OPENSEARCH_PREFIX": settings.OPENSEARCH_PREFIX,
        }
        self._start()

    def _start(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", self._module],
            cwd=_ROOT,
            env=self._environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        assert self._says(60) == b"ready\n"

    def _says(self, seconds: float) -> bytes:
        """The next line; nothing where none comes within so many seconds."""
        assert self._process.stdout is not None
        with selectors.DefaultSelector() as selector:
            selector.register(self._process.stdout, selectors.EVENT_READ)
            if not selector.select(seconds):
                return b""
        return self._process.stdout.readline()

    def works(self, now: float) -> None:
        self._send(now)
        assert self._says(60) == b"done\n"

    def dies_while_working(self, now: float, after: float) -> bool:
        """Whether it was killed before it was done."""
        self._send(now)
        if self._says(after) == b"done\n":
            return False
        self.end()
        self._start()
        return True

    def _send(self, now: float) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(f"{now}\n".encode())
        self._process.stdin.flush()

    def end(self) -> None:
        self._process.kill()
        self._process.communicate()
