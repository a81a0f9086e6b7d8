"""The Celery application: small, JSON only, on memory unless told otherwise."""

import os

from celery import Celery

from workers.schedule import SCHEDULE

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "dashboard.settings")

app = Celery("trailmap", include=["workers.tasks"])
app.conf.update(
    broker_url="memory://",
    # Kombu asks its memory queue once a second; with this, 100 times, at 2 % of a core.
    broker_transport_options={"polling_interval": 0.01},
    worker_prefetch_multiplier=16,
    task_ignore_result=True,
    task_acks_late=True,
    task_serializer="json",
    accept_content=["json"],
    beat_schedule=SCHEDULE,
    timezone="UTC",
    worker_hijack_root_logger=False,
    worker_redirect_stdouts=False,
    broker_connection_retry_on_startup=True,
)
