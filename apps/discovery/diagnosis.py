"""What `doctor` finds out about the database, the disk, processes and accounts."""

import shutil
from collections.abc import Iterator

from django.conf import settings
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.utils import timezone

from apps.discovery import accounts, heartbeats
from apps.discovery.models import Account
from apps.search.diagnosis import Finding

_LEAST_FREE_BYTES = 512 << 20


def database() -> Iterator[Finding]:
    """Whether the database answers and has the tables this version needs."""
    subject = f"database.{connection.vendor}"
    try:
        executor = MigrationExecutor(connection)
        plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
    except DatabaseError as error:
        yield Finding(subject, "", str(error), "Look at DATABASE_URL.")
        return
    if plan:
        yield Finding(
            subject,
            "",
            f"{len(plan)} migrations are not applied.",
            "Start script/up once: it applies them.",
        )
        return
    yield Finding(subject, "answers, and its tables are up to date")


def disk() -> Iterator[Finding]:
    free = shutil.disk_usage(settings.HOME).free
    mib = f"{free >> 20:,} MiB are free in {settings.HOME}"
    if free < _LEAST_FREE_BYTES:
        yield Finding("disk.home", "", mib, "Free space, or set a retention.")
    else:
        yield Finding("disk.home", mib)


def processes() -> Iterator[Finding]:
    """Whether worker and beat work; without them nothing is collected."""
    for name in (heartbeats.WORKER, heartbeats.BEAT):
        problem = heartbeats.problem(name, timezone.now())
        yield Finding(f"process.{name}", "works", problem, "Start script/up.")


def aws_accounts() -> Iterator[Finding]:
    """Each account someone connected is asked who we are; its row notes the answer."""
    for account in Account.objects.exclude(checked_at=None):
        accounts.check(account, timezone.now())
        subject = f"account.{account.number}"
        way = account.role_arn or "this machine's own credentials"
        yield Finding(
            subject,
            f"reached with {way}",
            account.problem or None,
            "Look at the account's page: it shows the trust policy its role needs.",
        )
