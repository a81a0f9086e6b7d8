"""The sandbox beside the site: started as a process of its own, and connected.

Trailmap knows of it what it knows of AWS: an endpoint, credentials, accounts.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import CommandError
from django.utils import timezone

from apps.audit.models import TrailSource
from apps.audit.policy import policy, role_policies
from apps.discovery.models import Account, ConfigSource
from apps.monitoring.incidents import rules
from apps.monitoring.models import LogScope
from apps.tracing.collecting.scopes import switch_on
from apps.tracing.models import TraceScope

# What makes the bad days of its shop visible.
_RULES = frozenset(
    (
        "service-fails",
        "service-slow",
        "service-silent",
        "queue-falls-behind",
        "errors-in-logs",
        "trail-silent",
        "violation-opened",
    )
)
MARK = "sandbox-data"
"""A file in a home that holds a sandbox's data and nothing else."""

_NAMES = {"111122223333": "Shop", "444455556666": "Payments"}
# What a Trailmap makes in its home; a sandbox's home is emptied of nothing else.
_MADE = frozenset(
    (
        "address", "search", "static", "static.fingerprint", "trailmap.sqlite3",
        "trailmap.sqlite3-shm", "trailmap.sqlite3-wal",
    )
)  # fmt: skip
_ENDS_WITHIN_SECONDS = 10
_ENDED = "The sandbox has ended, and the site with it."
_ANSWERS_WITHIN_SECONDS = 30


def is_sandbox(home: Path) -> bool:
    return (home / MARK).exists()


def check_home(home: Path, *, wants_sandbox: bool) -> None:
    """Raise CommandError where real and invented data would mix."""
    if is_sandbox(home) and not wants_sandbox:
        raise CommandError(
            f"{home} holds a sandbox's data. Start with --sandbox, or set "
            "TRAILMAP_HOME to another folder."
        )
    own = [path.name for path in home.iterdir() if path.name != "lock"]
    if wants_sandbox and not is_sandbox(home) and own:
        raise CommandError(
            f"{home} holds data of your own, which a sandbox must not mix with. Set "
            "TRAILMAP_HOME to an empty folder."
        )


def check_port(host: str, port: int, option: str) -> None:
    """Raise CommandError where a port cannot be listened on."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except (OSError, OverflowError) as error:
            raise CommandError(
                f"Port {port} cannot be used: {error}. Choose another with {option}."
            ) from error


def start_afresh(home: Path) -> None:
    """Mark a home as a sandbox's and empty it: each sandbox is a new world."""
    (home / MARK).touch()
    for name in _MADE:
        path = home / name
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)


class SandboxProcess:
    """`python -m sandbox`, which ends when this process does."""

    def __init__(self, port: int) -> None:
        self._process = subprocess.Popen(  # noqa: S603 - a program of ours
            [sys.executable, "-m", "sandbox", "--child", "--port", str(port)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            cwd=Path(__file__).resolve().parent.parent,
            text=True,
        )
        self.url = ""
        self._is_stopping = False

    def wait(self) -> None:
        """Until it answers; then this process calls it instead of AWS.

        Raises CommandError where it ends instead.
        """
        assert self._process.stdout is not None  # noqa: S101 - it was asked for
        line = self._process.stdout.readline()
        if not line:
            raise CommandError("The sandbox did not start; what it said stands above.")
        said = json.loads(line)
        self.url = said["url"]
        os.environ.update(said["environment"])

    def watch(self) -> None:
        """Say so, and end the site, where the sandbox ends before it."""
        self._process.wait()
        if not self._is_stopping:
            print(_ENDED, file=sys.stderr, flush=True)  # noqa: T201 - to who started it
            os.kill(os.getpid(), signal.SIGTERM)

    def stop(self) -> None:
        self._is_stopping = True
        if self._process.stdin is not None:
            self._process.stdin.close()
        try:
            self._process.wait(_ENDS_WITHIN_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()


def connect(url: str) -> None:
    """Connect the sandbox's accounts as a person would: a role with our ExternalId and
    our policy in each, and a source that is told of every file."""
    for found in _ask(url, "accounts"):
        number, region = found["account"], found["regions"][0]
        account, _ = Account.objects.update_or_create(
            number=number,
            defaults={
                "name": _NAMES.get(number, ""),
                "role_arn": found["role_arn"],
                "home_region": region,
                "regions": found["regions"][1:],
                "is_connected": True,
            },
        )
        _ask(
            url,
            f"accounts/{number}",
            {
                "external_id": account.external_id,
                "roles": role_policies(settings.REMEDIATION_ROLE),
                "policy": policy(
                    (found["bucket"], found["config_bucket"]),
                    [
                        f"arn:aws:sqs:{region}:{number}:{one.split('/')[-1]}"
                        for one in (found["queue_url"], found["config_queue_url"])
                    ],
                ),
            },
        )
        _read_config(account, found)
        for name in found["regions"]:
            LogScope.objects.update_or_create(
                account=account, region=name, defaults={"collects_new": True}
            )
            scope, _ = TraceScope.objects.get_or_create(account=account, region=name)
            switch_on(scope, timezone.now())
        TrailSource.objects.update_or_create(
            name=f"Trail of {account.name or number}",
            defaults={
                "kind": TrailSource.Kind.BUCKET,
                "account": account,
                "region": region,
                "bucket": found["bucket"],
                "queue_url": found["queue_url"],
            },
        )
    rules.begin_with(_RULES, timezone.now())


def _read_config(account: Account, found: Mapping[str, Any]) -> None:
    """Config of the account where it records; elsewhere we look ourselves."""
    for region in found["regions"]:
        is_recorded = region == found["config_region"]
        ConfigSource.objects.update_or_create(
            account=account,
            region=region,
            aggregator="",
            defaults={
                "bucket": found["config_bucket"] if is_recorded else "",
                "queue_url": found["config_queue_url"] if is_recorded else "",
            },
        )


def _ask(url: str, path: str, body: Mapping[str, Any] | None = None) -> Any:
    request = urllib.request.Request(  # noqa: S310 - the address of our own sandbox
        f"{url}/_sandbox/{path}",
        data=None if body is None else json.dumps(body).encode(),
    )
    with urllib.request.urlopen(  # noqa: S310 - as above
        request, timeout=_ANSWERS_WITHIN_SECONDS
    ) as answer:
        return json.loads(answer.read())
