"""Server processes of our own: started apart from us, remembered, ended by their id."""

from __future__ import annotations

import contextlib
import json
import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

_ROOT = Path(__file__).resolve().parents[2]
_UNPRIVILEGED = "nobody"
_ENDS_WITHIN_SECONDS = 60.0
_LOOK_EVERY_SECONDS = 0.05


class CannotProvide(Exception):
    """A server cannot be had on this machine; says why."""


def account() -> str | None:
    """Who runs the servers: PostgreSQL and OpenSearch refuse to run as root."""
    return _UNPRIVILEGED if os.geteuid() == 0 else None


def base() -> Path:
    """The folder of the servers: var/servers, or a link from there to where the
    account that runs them may go."""
    here = _ROOT / "var" / "servers"
    if here.exists():
        return here.resolve()
    here.parent.mkdir(exist_ok=True)
    if account() is None or _can_enter(here.parent):
        here.mkdir()
        return here
    elsewhere = Path(tempfile.mkdtemp(prefix="trailmap-servers-", dir="/var/tmp"))
    elsewhere.chmod(0o755)
    here.symlink_to(elsewhere)
    return elsewhere


def _can_enter(folder: Path) -> bool:
    command = ["/usr/bin/test", "-x", str(folder)]
    return subprocess.run(command, user=account(), check=False).returncode == 0


def own_folder(path: Path) -> Path:
    """A folder that belongs to the account that runs the servers."""
    path.mkdir(parents=True, exist_ok=True)
    owner = account()
    if owner is not None:
        entry = pwd.getpwnam(owner)
        os.chown(path, entry.pw_uid, entry.pw_gid)
    return path


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def run(command: Sequence[str], cwd: Path) -> None:
    """A command that prepares a server. Raises CannotProvide."""
    done = subprocess.run(
        command, cwd=cwd, user=account(), capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise CannotProvide(f"{command[0]} failed: {done.stderr.strip()[-500:]}")


def install(*packages: str) -> None:
    """Debian packages, where this is root's to do. Raises CannotProvide."""
    if os.geteuid() != 0 or shutil.which("apt-get") is None:
        raise CannotProvide(f"install the package {' and '.join(packages)} first")
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for arguments in (["update"], ["install", "-y", *packages]):
        done = subprocess.run(
            ["apt-get", "-qq", *arguments],
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
    if done.returncode:
        raise CannotProvide(f"{packages[0]} cannot be installed: {done.stderr[-500:]}")


class ServerProcess:
    """A server in a folder of its own; what is known of it outlives this process."""

    def __init__(self, name: str, answers: Callable[[int], bool]) -> None:
        self.name = name
        self._answers = answers

    @property
    def folder(self) -> Path:
        return base() / self.name

    @property
    def port(self) -> int:
        """The port it had, or a free one from now on."""
        noted = self._noted().get("port")
        if noted is None:
            noted = free_port()
            self._note(port=noted)
        return int(noted)

    @property
    def group(self) -> int:
        """Its process group. Raises KeyError where it was never started."""
        return self._noted()["pid"]

    def is_running(self) -> bool:
        noted = self._noted()
        return "pid" in noted and _start_time(noted["pid"]) == noted["born"]

    def start(
        self, command: Sequence[str], environment: Mapping[str, str], seconds: float
    ) -> None:
        """Start it and wait until it answers. Raises CannotProvide."""
        with (self.folder / "log").open("ab") as log:
            started = subprocess.Popen(
                command,
                cwd=own_folder(self.folder / "work"),
                env={"PATH": os.environ["PATH"], "LANG": "C.UTF-8", **environment},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                user=account(),
                start_new_session=True,
            )
        self._note(pid=started.pid, born=_start_time(started.pid))
        self.wait_for(seconds)

    def wait_for(self, seconds: float) -> None:
        """Until it answers. Raises CannotProvide."""
        deadline = time.monotonic() + seconds
        while not self._answers(self.port):
            if not self.is_running():
                raise CannotProvide(f"{self.name} ended: {self._last_words()}")
            if time.monotonic() > deadline:
                raise CannotProvide(f"{self.name} does not answer after {seconds:g} s")
            time.sleep(_LOOK_EVERY_SECONDS)

    def send(self, number: int) -> None:
        """Send a signal to its process group, if it is the one we started."""
        if self.is_running():
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._noted()["pid"], number)

    def stop(self, number: int = signal.SIGTERM) -> None:
        """End it, and wait until it is gone."""
        self.send(number)
        deadline = time.monotonic() + _ENDS_WITHIN_SECONDS
        while self.is_running():
            if time.monotonic() > deadline:
                self.send(signal.SIGKILL)
            time.sleep(_LOOK_EVERY_SECONDS)

    def _last_words(self) -> str:
        return (self.folder / "log").read_text(errors="replace")[-500:]

    def _noted(self) -> dict[str, int]:
        try:
            noted: dict[str, int] = json.loads((self.folder / "process").read_text())
        except FileNotFoundError:
            return {}
        return noted

    def _note(self, **facts: int) -> None:
        own_folder(self.folder)
        path = self.folder / "process"
        path.write_text(json.dumps({**self._noted(), **facts}))


def _start_time(pid: int) -> int:
    """When a process began, in ticks since boot; 0 where there is none, or where it
    has ended and only waits for its parent to notice."""
    with contextlib.suppress(ChildProcessError):
        os.waitpid(pid, os.WNOHANG)
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    except (FileNotFoundError, ProcessLookupError):
        return 0
    state, born = fields[0], fields[19]
    return 0 if state == "Z" else int(born)
