"""For how long samples are kept: METRIC_DAYS of the settings."""

from __future__ import annotations

from django.conf import settings

_DAY = 86_400


def keep_days(period_seconds: int) -> float:
    """For how many days samples of a period are kept: as those of the tier below."""
    kept: dict[int, float] = settings.METRIC_DAYS
    fitting = [tier for tier in kept if tier <= period_seconds]
    return kept[max(fitting, default=min(kept))]


def kept_since(period_seconds: int, now: int) -> int:
    """From when on samples of a period are kept."""
    return now - int(keep_days(period_seconds) * _DAY)


def rolled_up_since(now: int) -> int:
    """From when on samples are kept, at whatever period."""
    return min(kept_since(period, now) for period in settings.METRIC_DAYS)
