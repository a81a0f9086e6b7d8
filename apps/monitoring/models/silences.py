"""Silences: what is not told for a while, why, and by whose word."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q

from apps.discovery.accounts import Viewer
from apps.monitoring.notifications import matching
from apps.monitoring.notifications.windows import Weekly


class SilenceQuerySet(models.QuerySet["Silence"]):
    def visible_to(self, viewer: Viewer) -> SilenceQuerySet:
        """Those of accounts one may see, and those of all accounts."""
        visible = viewer.visible_accounts()
        if visible is None:
            return self
        return self.filter(Q(account="") | Q(account__in=visible))

    def running(self, now: datetime) -> SilenceQuerySet:
        """Begun and not ended; weekly ones also between their windows."""
        return self.filter(starts_at__lte=now, ends_at__gt=now)


class Silence(models.Model):
    """Notices that match are not told between `starts_at` and `ends_at`, weekly ones
    only within their windows. Without an account it holds in all."""

    account = models.CharField(max_length=64, blank=True)
    matchers = models.JSONField(default=list, blank=True)
    reason = models.CharField(max_length=500)
    made_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+"
    )
    made_at = models.DateTimeField()
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    # Windows of a week: {"days": [0], "start": 1320, "minutes": 480, "zone": "UTC"}.
    weekly = models.JSONField(null=True, blank=True)
    ended_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
    )

    objects = SilenceQuerySet.as_manager()

    class Meta:
        ordering: ClassVar = ["ends_at", "id"]
        indexes: ClassVar = [models.Index(fields=["ends_at", "starts_at"])]

    def __str__(self) -> str:
        return f"silence {self.pk}"

    @property
    def conditions(self) -> tuple[matching.Matcher, ...]:
        return matching.of_json(self.matchers)

    @property
    def conditions_text(self) -> str:
        return matching.as_text(self.conditions)

    @property
    def windows(self) -> Weekly | None:
        if not self.weekly:
            return None
        return Weekly(**{**self.weekly, "days": tuple(self.weekly["days"])})

    def holds(self, now: datetime) -> bool:
        """Whether it silences at this moment."""
        if not self.starts_at <= now < self.ends_at:
            return False
        return self.windows is None or self.windows.until(now) is not None

    def covers(self, labels: Mapping[str, str]) -> bool:
        """Whether it is about something with these labels."""
        if self.account and labels.get("account", "") != self.account:
            return False
        return matching.all_match(self.conditions, labels)
