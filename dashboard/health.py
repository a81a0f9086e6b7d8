"""Is the site alive, and is it ready: for load balancers and people in a hurry."""

from collections.abc import Callable
from datetime import datetime

from django.contrib.auth.decorators import login_not_required
from django.db import DatabaseError, connection
from django.http import HttpRequest, JsonResponse
from django.utils import timezone
from django.views.decorators.cache import never_cache

from apps.discovery import diagnosis, heartbeats
from apps.search import store


@login_not_required
@never_cache
def healthz(request: HttpRequest) -> JsonResponse:
    """This process answers."""
    return JsonResponse({"web": "ok"})


@login_not_required
@never_cache
def readyz(request: HttpRequest) -> JsonResponse:
    """Every part with `ok` or what is wrong with it; 503 unless all are ok."""
    now = timezone.now()
    parts = {"web": "ok"}
    parts |= {name: check(now) or "ok" for name, check in _CHECKS.items()}
    is_ready = all(state == "ok" for state in parts.values())
    return JsonResponse(parts, status=200 if is_ready else 503)


def _database(now: datetime) -> str | None:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError as error:
        return f"The database does not answer: {error}"
    return None


def _engine(now: datetime) -> str | None:
    return store.engine().problem()


def _disk(now: datetime) -> str | None:
    return next(diagnosis.disk()).problem


def _worker(now: datetime) -> str | None:
    return _part(heartbeats.WORKER, now)


def _beat(now: datetime) -> str | None:
    return _part(heartbeats.BEAT, now)


def _part(name: str, now: datetime) -> str | None:
    try:
        return heartbeats.problem(name, now)
    except DatabaseError:
        return "Not known while the database does not answer."


_CHECKS: dict[str, Callable[[datetime], str | None]] = {
    "worker": _worker,
    "beat": _beat,
    "database": _database,
    "engine": _engine,
    "disk": _disk,
}
