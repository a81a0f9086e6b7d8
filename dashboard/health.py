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
from workers import broker
from workers.app import app as celery


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
    parts = {"web": "ok", "database": _database(now) or "ok"}
    # What is in rows is not asked for in vain: each time it would wait anew.
    checks = _CHECKS if parts["database"] == "ok" else _WITHOUT_ROWS
    parts |= {name: check(now) or "ok" for name, check in checks.items()}
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


def _broker(now: datetime) -> str | None:
    """Whether messages can be sent, and whether anybody takes them."""
    return broker.problem(celery)


def _disk(now: datetime) -> str | None:
    return next(diagnosis.disk()).problem


def _worker(now: datetime) -> str | None:
    return heartbeats.problem(heartbeats.WORKER, now)


def _beat(now: datetime) -> str | None:
    return heartbeats.problem(heartbeats.BEAT, now)


def _unknown(now: datetime) -> str:
    return "Not known while the database does not answer."


Check = Callable[[datetime], str | None]

_WITHOUT_ROWS: dict[str, Check] = {
    "worker": _unknown,
    "beat": _unknown,
    "broker": _broker,
    "engine": _engine,
    "disk": _disk,
}
_CHECKS: dict[str, Check] = {**_WITHOUT_ROWS, "worker": _worker, "beat": _beat}
