"""A real Trailmap in a process of its own, as people start it."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import closing
from http import HTTPStatus
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import urlsplit

ROOT = Path(__file__).parents[1]
_READY_WITHIN_SECONDS = 60
_LINK = re.compile(r"http://\S+/sign-in/\S+")


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


class Site:
    """`up` on a home and a free port; its output is gathered as it comes."""

    def __init__(self, home: Path, *options: str) -> None:
        self.home = home
        self.port = free_port()
        self.output = ""
        self._answers = threading.Event()
        self._offers_link = threading.Event()
        self._began = time.monotonic()
        self.process = self.start("up", "--port", str(self.port), *options)
        self._gatherer = threading.Thread(target=self._gather, daemon=True)
        self._gatherer.start()

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, str(ROOT / "manage.py"), *arguments],
            env={
                **os.environ,
                "TRAILMAP_HOME": str(self.home),
                "DJANGO_SETTINGS_MODULE": "dashboard.settings",
            },
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def _gather(self) -> None:
        for line in self.process.stdout or ():
            self.output += line
            if line.startswith("Trailmap is at"):
                self.ready_after = time.monotonic() - self._began
                self._answers.set()
            if _LINK.search(line):
                self._offers_link.set()
        self._answers.set()

    def wait(self, seconds: float = _READY_WITHIN_SECONDS) -> Site:
        """Until it answers. Raises AssertionError where it ends instead."""
        assert self._answers.wait(seconds), self.output
        assert self.process.poll() is None, self.output
        return self

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def link(self) -> str:
        """The one-time link of the first start."""
        assert self._offers_link.wait(_READY_WITHIN_SECONDS), self.output
        found = _LINK.search(self.output)
        assert found
        return found.group()

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Another command on the same home, to its end."""
        process = self.start(*arguments)
        output, _ = process.communicate(timeout=120)
        return subprocess.CompletedProcess(arguments, process.returncode, output)

    def stop(self, how: signal.Signals = signal.SIGINT) -> float:
        """Ask it to end; the seconds that took."""
        began = time.monotonic()
        if self.process.poll() is None:
            self.process.send_signal(how)
        self.process.wait(timeout=60)
        took = time.monotonic() - began
        self._gatherer.join()
        if self.process.stdout:
            self.process.stdout.close()
        return took


def connection_to(site: Site) -> closing[HTTPConnection]:
    return closing(HTTPConnection("127.0.0.1", site.port, timeout=30))


def get(site: Site, path: str, cookie: str = "") -> tuple[int, str]:
    with connection_to(site) as connection:
        connection.request("GET", path, headers={"Cookie": cookie})
        answer = connection.getresponse()
        return answer.status, answer.read().decode()


def sign_in(site: Site) -> str:
    """The session of the first admin, by the one-time link."""
    path = urlsplit(site.link).path
    with connection_to(site) as connection:
        connection.request("GET", path)
        answer = connection.getresponse()
        page = answer.read().decode()
        if answer.status != HTTPStatus.OK:
            return ""
        csrf = (answer.getheader("Set-Cookie") or "").split(";")[0]
        token = page.split('name="csrfmiddlewaretoken" value="')[1].split('"')[0]
        headers = {"Cookie": csrf, "Content-Type": "application/x-www-form-urlencoded"}
        connection.request("POST", path, f"csrfmiddlewaretoken={token}", headers)
        answer = connection.getresponse()
        answer.read()
        set_cookies = answer.headers.get_all("Set-Cookie") or []
    cookies = [one.split(";")[0] for one in set_cookies]
    return next((one for one in cookies if one.startswith("session=")), "")


def eventually(check: Callable[[], bool], seconds: float = 30.0) -> None:
    deadline = time.monotonic() + seconds
    while not check():
        assert time.monotonic() < deadline, "it did not come to pass"
        time.sleep(0.05)
