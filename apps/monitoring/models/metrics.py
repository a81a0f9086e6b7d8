"""Which metrics there are."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import datetime
from typing import ClassVar

from django.db import models

from apps.discovery.accounts import Viewer
from apps.monitoring.metrics.keys import MetricKey


class MetricSeriesQuerySet(models.QuerySet["MetricSeries"]):
    def visible_to(self, viewer: Viewer) -> MetricSeriesQuerySet:
        """The series of accounts that a person may see."""
        visible = viewer.visible_accounts()
        return self if visible is None else self.filter(account__in=visible)

    def of_keys(self, keys: Iterable[MetricKey]) -> MetricSeriesQuerySet:
        return self.filter(digest__in=[key.digest for key in keys])


class MetricSeries(models.Model):
    """A metric with its dimensions, in one account and region.

    Found by ListMetrics, which forgets what was silent for two weeks: a series is
    never removed for not being listed.
    """

    # What a series is known by: MetricKey.digest.
    digest = models.CharField(max_length=40, unique=True)
    account = models.CharField(max_length=64)
    region = models.CharField(max_length=40)
    namespace = models.CharField(max_length=255)
    name = models.CharField(max_length=255)
    # [[name, value], ...] in the order of their names, as JSON.
    dimensions = models.TextField(default="[]")
    found_at = models.DateTimeField()
    listed_at = models.DateTimeField()

    objects = MetricSeriesQuerySet.as_manager()

    class Meta:
        ordering: ClassVar = ["namespace", "name", "dimensions"]
        verbose_name_plural = "metric series"
        indexes: ClassVar = [
            models.Index(fields=["account", "region", "namespace", "name"]),
            models.Index(fields=["namespace", "name"]),
        ]

    def __str__(self) -> str:
        return str(self.key)

    @property
    def key(self) -> MetricKey:
        pairs = tuple((name, value) for name, value in json.loads(self.dimensions))
        return MetricKey(self.account, self.region, self.namespace, self.name, pairs)

    @classmethod
    def made_of(cls, key: MetricKey, now: datetime) -> MetricSeries:
        """A new row for a metric that was listed now."""
        return cls(
            digest=key.digest,
            account=key.account,
            region=key.region,
            namespace=key.namespace,
            name=key.name,
            dimensions=key.dimensions_json,
            found_at=now,
            listed_at=now,
        )
