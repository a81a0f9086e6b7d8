"""Makes a home ready to be served from: folders, secret, static files."""

import gc
import hashlib
import os
from pathlib import Path

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from apps.search.homelock import HomeLock

SECRET_FILE = "secret-key"  # noqa: S105 - the name of a file


def prepare_home(home: Path, secret: str) -> None:
    """The folder, and the secret that sessions survive a restart with."""
    home.mkdir(parents=True, exist_ok=True)
    path = home / SECRET_FILE
    if not path.exists() and not _has_secret():
        path.touch(mode=0o600)
        path.write_text(secret)


def ensure_tables() -> None:
    """The tables this version needs, made by the first command in an empty home.

    Raises HomeInUse where a process of another version holds the home, TablesMissing
    where the database is one that others use too.
    """
    settings.HOME.mkdir(parents=True, exist_ok=True)
    executor = MigrationExecutor(connection)
    if not executor.migration_plan(executor.loader.graph.leaf_nodes()):
        return
    if connection.vendor == "sqlite":
        with HomeLock(settings.HOME).held("migrate"):
            call_command("migrate", verbosity=0, interactive=False)
        return
    raise TablesMissing(
        f"{settings.DATABASES['default']['NAME']} lacks tables of this version: run "
        "`trailmap migrate` once, then start its processes."
    )


class TablesMissing(Exception):
    """The database is of another version; says what to run."""


def _has_secret() -> bool:
    """Whether somebody set a secret; an empty one is none."""
    return any(os.environ.get(name) for name in ("SECRET_KEY", "SECRET_KEY_FILE"))


def make_room(threads: int) -> None:
    """Let every thread of this process have a connection to the database."""
    pool = settings.DATABASES["default"]["OPTIONS"].get("pool")
    if pool is not None:
        pool["max_size"] = max(pool["max_size"], threads + 4)


def check_shared() -> None:
    """What every one of several processes needs before it starts. Raises
    CommandError, saying what to set or to run."""
    if settings.IS_ONE_PROCESS:
        raise CommandError(
            "BROKER_URL is not set, so everything runs in one process: use `up`. "
            "Several processes need BROKER_URL, DATABASE_URL and OPENSEARCH_URL."
        )
    if not _has_secret() and not (settings.HOME / SECRET_FILE).exists():
        raise CommandError(
            "SECRET_KEY is not set: every process needs the same one, or sessions of "
            "one are unknown to the other."
        )
    try:
        ensure_tables()
    except TablesMissing as error:
        raise CommandError(str(error)) from error


def collect_static(home: Path) -> None:
    """Hashed and compressed static files, made anew only when they changed."""
    note = home / "static.fingerprint"
    now = _fingerprint()
    if note.exists() and note.read_text() == now and settings.STATIC_ROOT.exists():
        return
    call_command("collectstatic", verbosity=0, interactive=False, clear=True)
    note.write_text(now)


def settle_memory() -> None:
    """Tell the collector that what is loaded by now stays: it need not look again."""
    gc.collect()
    gc.freeze()


def _fingerprint() -> str:
    digest = hashlib.sha256()
    for folder in settings.STATICFILES_DIRS:
        for path in sorted(folder.rglob("*")):
            if path.is_file():
                stat = path.stat()
                digest.update(f"{path}{stat.st_size}{stat.st_mtime_ns}".encode())
    return digest.hexdigest()
