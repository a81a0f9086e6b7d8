"""Makes a home ready to be served from: folders, secret, static files."""

import gc
import hashlib
import os
from pathlib import Path

from django.conf import settings
from django.core.management import call_command
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from apps.search.homelock import HomeLock


def prepare_home(home: Path, secret: str) -> None:
    """The folder, and the secret that sessions survive a restart with."""
    home.mkdir(parents=True, exist_ok=True)
    path = home / "secret-key"
    if not path.exists() and "SECRET_KEY" not in os.environ:
        path.touch(mode=0o600)
        path.write_text(secret)


def ensure_tables() -> None:
    """The tables this version needs, made by the first command in an empty home.

    Raises HomeInUse where a process of another version holds the home.
    """
    settings.HOME.mkdir(parents=True, exist_ok=True)
    executor = MigrationExecutor(connection)
    if not executor.migration_plan(executor.loader.graph.leaf_nodes()):
        return
    lock = HomeLock(settings.HOME)
    lock.acquire("migrate")
    try:
        call_command("migrate", verbosity=0, interactive=False)
    finally:
        lock.release()


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
