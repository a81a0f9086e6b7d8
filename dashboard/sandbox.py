"""The sandbox beside the site: started as a process of its own, and connected.

Trailmap knows of it what it knows of AWS: an endpoint, credentials, accounts.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import urllib.request
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError

from apps.audit.models import TrailSource
from apps.audit.policy import policy
from apps.discovery.models import Account

MARK = "sandbox-data"
"""A file in a home that holds a sandbox's data and nothing else."""

_NAMES = {"111122223333": "Shop", "444455556666": "Payments"}
_KEPT = frozenset({"lock", "secret-key", MARK})
_ENDS_WITHIN_SECONDS = 10
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
    if wants_sandbox and not is_sandbox(home) and (home / "secret-key").exists():
        raise CommandError(
            f"{home} holds data of your own, which a sandbox must not mix with. Set "
            "TRAILMAP_HOME to an empty folder."
        )


def start_afresh(home: Path) -> None:
    """Mark a home as a sandbox's and empty it: each sandbox is a new world."""
    (home / MARK).touch()
    for path in home.iterdir():
        if path.name in _KEPT:
            continue
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink()


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

    def wait(self) -> None:
        """Until it answers; then this process calls it instead of AWS.

        Raises CommandError where it ends instead.
        """
        assert self._process.stdout is not None  # noqa: S101 - it was asked for
        line = self._process.stdout.readline()
        if not line:
            raise CommandError(
                "The sandbox did not start; what it said stands above. Its packages "
                "come with `script/up --sandbox`, or `uv sync --group sandbox`."
            )
        said = json.loads(line)
        self.url = said["url"]
        os.environ.update(said["environment"])

    def stop(self) -> None:
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
                "is_connected": True,
            },
        )
        queue = f"arn:aws:sqs:{region}:{number}:{found['queue_url'].split('/')[-1]}"
        _ask(
            url,
            f"accounts/{number}",
            {
                "external_id": account.external_id,
                "policy": policy(found["bucket"], queue),
            },
        )
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


def _ask(url: str, path: str, body: Mapping[str, Any] | None = None) -> Any:
    request = urllib.request.Request(  # noqa: S310 - the address of our own sandbox
        f"{url}/_sandbox/{path}",
        data=None if body is None else json.dumps(body).encode(),
    )
    with urllib.request.urlopen(  # noqa: S310 - as above
        request, timeout=_ANSWERS_WITHIN_SECONDS
    ) as answer:
        return json.loads(answer.read())
