"""How far metrics were collected, who wanted them, and what that cost."""

from __future__ import annotations

from typing import ClassVar

from django.core.validators import MinValueValidator
from django.db import models

from apps.discovery.accounts import Viewer
from apps.discovery.models import Account
from apps.monitoring.models.metrics import MetricSeries


class MetricPlan(models.Model):
    """What is collected of an account, and what it may cost a day: without a budget of
    its own, what the settings say."""

    PERIODS: ClassVar = [(60, "a minute"), (300, "5 minutes")]

    account = models.OneToOneField(Account, on_delete=models.CASCADE, primary_key=True)
    period_seconds = models.PositiveIntegerField(choices=PERIODS, default=60)
    budget_dollars = models.FloatField(
        null=True, blank=True, validators=[MinValueValidator(0)]
    )
    is_paused = models.BooleanField(default=False)

    def __str__(self) -> str:
        return f"metrics of {self.account}"


class MetricExclusion(models.Model):
    """A namespace that is listed but not collected."""

    plan = models.ForeignKey(
        MetricPlan, on_delete=models.CASCADE, related_name="exclusions"
    )
    namespace = models.CharField(max_length=255)

    class Meta:
        ordering: ClassVar = ["namespace"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["plan", "namespace"], name="one_exclusion_per_namespace"
            )
        ]

    def __str__(self) -> str:
        return self.namespace


class MetricScopeQuerySet(models.QuerySet["MetricScope"]):
    def visible_to(self, viewer: Viewer) -> MetricScopeQuerySet:
        visible = viewer.visible_accounts()
        return self if visible is None else self.filter(account__in=visible)


class MetricScope(models.Model):
    """An account and region: what lists its metrics and what reads them, each claimed
    by one worker at a time."""

    account = models.ForeignKey(Account, on_delete=models.CASCADE)
    region = models.CharField(max_length=40)
    # Whether its account is connected and still watched in the region.
    is_enabled = models.BooleanField(default=True)

    listing_claimed_until = models.DateTimeField(null=True, blank=True)
    listing_ran_at = models.DateTimeField(null=True, blank=True)
    listed_at = models.DateTimeField(null=True, blank=True)
    listing_problem = models.TextField(blank=True)
    listing_problem_since = models.DateTimeField(null=True, blank=True)

    reading_claimed_until = models.DateTimeField(null=True, blank=True)
    reading_ran_at = models.DateTimeField(null=True, blank=True)
    read_at = models.DateTimeField(null=True, blank=True)
    reading_problem = models.TextField(blank=True)
    reading_problem_since = models.DateTimeField(null=True, blank=True)
    # How many times less often than planned unwatched series are asked, to keep to
    # the budget.
    stretch = models.PositiveSmallIntegerField(default=1)

    objects = MetricScopeQuerySet.as_manager()

    class Meta:
        ordering: ClassVar = ["account", "region"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["account", "region"], name="one_scope_per_region"
            )
        ]

    def __str__(self) -> str:
        return f"{self.account_id} {self.region}"


class SeriesReading(models.Model):
    """How far a series was read, in seconds since 1970: see `windows.Progress`."""

    series = models.OneToOneField(
        MetricSeries, on_delete=models.CASCADE, primary_key=True, related_name="reading"
    )
    scope = models.ForeignKey(MetricScope, on_delete=models.CASCADE)
    # How often it is asked, at least; from who looks at it.
    every_seconds = models.PositiveIntegerField()
    looked_at = models.DateTimeField()
    read_until = models.BigIntegerField()
    firm_until = models.BigIntegerField()
    late_until = models.BigIntegerField()
    night = models.IntegerField()
    # After CloudWatch could not answer for it: how often in a row, what it said, and
    # when it is asked again.
    attempts = models.PositiveSmallIntegerField(default=0)
    problem = models.TextField(blank=True)
    ask_from = models.BigIntegerField(default=0)

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["scope", "every_seconds", "read_until"])
        ]

    def __str__(self) -> str:
        return f"series {self.series_id} until {self.read_until}"


class SeriesInterest(models.Model):
    """Who wants a series, and how often: a page that draws it, until a time; or a
    dashboard or rule that names it, for as long as it does."""

    series = models.ForeignKey(MetricSeries, on_delete=models.CASCADE)
    # user:NAME, dashboard:ID, rule:ID
    by = models.CharField(max_length=200)
    is_kept = models.BooleanField(default=False)
    every_seconds = models.PositiveIntegerField()
    ends_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["series", "by", "is_kept"], name="one_interest_of_each"
            )
        ]
        indexes: ClassVar = [models.Index(fields=["by"])]

    def __str__(self) -> str:
        return f"{self.by} wants series {self.series_id}"


class WantedStatistic(models.Model):
    """A percentile or trimmed statistic, which exists only at the period asked for."""

    series = models.ForeignKey(MetricSeries, on_delete=models.CASCADE)
    statistic = models.CharField(max_length=40)
    period_seconds = models.PositiveIntegerField()
    wanted_at = models.DateTimeField()
    read_until = models.BigIntegerField()
    firm_until = models.BigIntegerField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["series", "statistic", "period_seconds"],
                name="one_wanted_statistic",
            )
        ]

    def __str__(self) -> str:
        return f"{self.statistic} of series {self.series_id}"


class MetricDay(models.Model):
    """What was asked of an account on a day, UTC. Written before each call, so that
    nothing is asked that is not counted."""

    account = models.ForeignKey(Account, on_delete=models.CASCADE)
    day = models.DateField()
    billed = models.PositiveBigIntegerField(default=0)
    calls = models.PositiveBigIntegerField(default=0)

    class Meta:
        ordering: ClassVar = ["-day", "account"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["account", "day"], name="one_metric_day")
        ]

    def __str__(self) -> str:
        return f"{self.account_id} {self.day}: {self.billed} billed metrics"


class MetricSpend(models.Model):
    """Billed metrics of a day, by region, namespace and who wanted them. What several
    want is shared out among them, so the shares add up to what was billed."""

    account = models.ForeignKey(Account, on_delete=models.CASCADE)
    day = models.DateField()
    region = models.CharField(max_length=40)
    namespace = models.CharField(max_length=255)
    by = models.CharField(max_length=200)
    billed = models.FloatField(default=0)

    class Meta:
        ordering: ClassVar = ["-day", "-billed"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["account", "day", "region", "namespace", "by"],
                name="one_metric_spend",
            )
        ]

    def __str__(self) -> str:
        return f"{self.by} {self.day} {self.namespace}: {self.billed:.0f}"


class MetricOutage(models.Model):
    """A stretch of time in which nothing of an account and region was read. What it
    left out has been read since, unless the coverage of a series says otherwise."""

    scope = models.ForeignKey(MetricScope, on_delete=models.CASCADE)
    since = models.DateTimeField()
    until = models.DateTimeField()
    problem = models.TextField()

    class Meta:
        ordering: ClassVar = ["-since"]
        indexes: ClassVar = [models.Index(fields=["scope", "-since"])]

    def __str__(self) -> str:
        return f"{self.scope}: {self.since} to {self.until}"
