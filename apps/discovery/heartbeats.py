"""Signs of life, so that one part can tell whether another still works."""

from datetime import datetime, timedelta

from apps.discovery.models import Heartbeat

WORKER, BEAT, ACT = "worker", "beat", "repair worker"
_ALIVE_WITHIN = timedelta(seconds=30)


def beat(name: str, now: datetime) -> None:
    Heartbeat.objects.update_or_create(name=name, defaults={"beaten_at": now})


def problem(name: str, now: datetime) -> str | None:
    """Why a part does not seem to work, in a sentence; None where it does."""
    last = Heartbeat.objects.filter(name=name).values_list("beaten_at", flat=True)
    if not last:
        return f"The {name} has not been started."
    silent = now - last[0]
    if silent <= _ALIVE_WITHIN:
        return None
    return f"The {name} was last heard of {int(silent.total_seconds())} s ago."
