"""The Celery application: small, JSON only, on memory unless a broker is named."""

import os
from typing import Any

from celery import Celery
from django.conf import settings

from workers.broker import ACT
from workers.schedule import SCHEDULE

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "dashboard.settings")

# A message that is not acknowledged for so long is given to another worker. Nothing
# waits in a message: no task has a countdown, what is due later is in rows.
VISIBILITY_TIMEOUT_SECONDS = 3_600
# Kombu asks its memory queue once a second; with this, 100 times, at 2 % of a core.
_MEMORY = {"polling_interval": 0.01}
_REDIS = {
    "visibility_timeout": VISIBILITY_TIMEOUT_SECONDS,
    "health_check_interval": 15,
    "socket_keepalive": True,
    "socket_connect_timeout": 5,
    "socket_timeout": 30,
    "retry_on_timeout": True,
}

_SETTINGS: dict[str, Any] = {
    "broker_url": settings.BROKER_URL,
    "broker_transport_options": _MEMORY if settings.IS_ONE_PROCESS else _REDIS,
    # In one process a thread takes what it can; of several, each takes one at a time.
    "worker_prefetch_multiplier": 16 if settings.IS_ONE_PROCESS else 1,
    "task_routes": {"workers.tasks.act_*": {"queue": ACT}},
    "task_ignore_result": True,
    "task_acks_late": True,
    "task_serializer": "json",
    "accept_content": ["json"],
    "beat_schedule": SCHEDULE,
    "beat_scheduler": "workers.beat:LeadingScheduler",
    "beat_max_loop_interval": 1,
    "timezone": "UTC",
    "worker_hijack_root_logger": False,
    "worker_redirect_stdouts": False,
    "broker_connection_retry_on_startup": True,
    "broker_connection_max_retries": None,
}

app = Celery("trailmap", include=["workers.tasks"])
app.conf.update(_SETTINGS)


def of_queue(queue: str) -> Celery:
    """The same tasks, for a worker of one queue: which queues are listened to belongs
    to an application, and in one process there are two workers."""
    app.loader.import_default_modules()
    tasks = app.tasks.items()
    ours = {name: task for name, task in tasks if name.startswith("workers.")}
    made: Celery = Celery(  # type: ignore[call-overload,unused-ignore]
        f"trailmap-{queue}",
        tasks=ours,  # type: ignore[arg-type] # a mapping, as its registry is
        set_as_current=False,
    )
    made.conf.update(_SETTINGS)
    return made
