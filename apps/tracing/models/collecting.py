"""Where X-Ray is read, how far that came, and what it says of itself."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from apps.discovery.accounts import Viewer
from apps.discovery.models import Account


class TraceScopeQuerySet(models.QuerySet["TraceScope"]):
    def visible_to(self, viewer: Viewer) -> TraceScopeQuerySet:
        """The scopes of accounts that a person may see."""
        visible = viewer.visible_accounts()
        return self if visible is None else self.filter(account__in=visible)


class TraceScope(models.Model):
    """X-Ray of an account in a region: whether it is read, and how that goes.

    `next_at` is when a worker looks at it again. What was asked since midnight UTC of
    `spent_on`: calls, traces that X-Ray looked at for lists, and whole traces; AWS
    charges for both. `problem` is of reading traces, `settings_problem` of reading
    sampling rules and groups, which holds up nothing else.
    """

    account = models.ForeignKey(Account, on_delete=models.CASCADE)
    region = models.CharField(max_length=40)
    is_enabled = models.BooleanField(default=False)
    # Nothing that was updated before is read.
    collect_since = models.DateTimeField(null=True, blank=True)
    next_at = models.DateTimeField(null=True, blank=True)
    claimed_until = models.DateTimeField(null=True, blank=True)

    read_at = models.DateTimeField(null=True, blank=True)
    succeeded_at = models.DateTimeField(null=True, blank=True)
    problem = models.TextField(blank=True)
    problem_since = models.DateTimeField(null=True, blank=True)
    last_trace_at = models.DateTimeField(null=True, blank=True)

    spent_on = models.DateField(null=True, blank=True)
    calls = models.PositiveBigIntegerField(default=0)
    listed = models.PositiveBigIntegerField(default=0)
    fetched = models.PositiveBigIntegerField(default=0)
    # Of all time: traces that were stored, and those found by sweeps alone.
    traces = models.PositiveBigIntegerField(default=0)
    late_finds = models.PositiveBigIntegerField(default=0)

    hourly_at = models.DateTimeField(null=True, blank=True)
    daily_at = models.DateTimeField(null=True, blank=True)

    settings_at = models.DateTimeField(null=True, blank=True)
    settings_read_at = models.DateTimeField(null=True, blank=True)
    settings_problem = models.TextField(blank=True)
    # None: not known.
    has_transaction_search = models.BooleanField(null=True, blank=True)

    objects = TraceScopeQuerySet.as_manager()

    class Meta:
        ordering: ClassVar = ["account", "region"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["account", "region"], name="one_row_per_trace_scope"
            )
        ]

    def __str__(self) -> str:
        return f"X-Ray of {self.account} in {self.region}"


class TraceCoverage(models.Model):
    """A stretch of time: every trace that was updated in it is stored."""

    scope = models.ForeignKey(
        TraceScope, on_delete=models.CASCADE, related_name="coverage"
    )
    since = models.DateTimeField()
    until = models.DateTimeField()

    class Meta:
        ordering: ClassVar = ["scope", "since"]
        indexes: ClassVar = [models.Index(fields=["scope", "since"])]

    def __str__(self) -> str:
        return f"{self.scope}: {self.since} to {self.until}"


class TraceWindow(models.Model):
    """A stretch of time that is being listed, or whose traces are being fetched.

    A process that dies leaves it here with the token to go on from. Once all is
    stored it becomes coverage and goes.
    """

    class Kind(models.TextChoices):
        NEW = "new", "what was updated last"
        PAST = "past", "what is missing of the past"
        HOURLY = "hourly", "the last 90 minutes again"
        DAILY = "daily", "the last 24 hours again"

    scope = models.ForeignKey(
        TraceScope, on_delete=models.CASCADE, related_name="windows"
    )
    kind = models.CharField(max_length=10, choices=Kind.choices)
    since = models.DateTimeField()
    until = models.DateTimeField()
    begun_at = models.DateTimeField()
    token = models.TextField(blank=True)
    summaries = models.PositiveIntegerField(default=0)
    listed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering: ClassVar = ["-until"]

    def __str__(self) -> str:
        return f"{self.scope}: {self.since} to {self.until}"


class TraceReread(models.Model):
    """A trace that was listed, and when to look at it again.

    `revision` is what is stored, None where nothing is; `wanted` is what X-Ray listed
    last. A trace may change for seven days. Due rows are claimed by writing `claim`
    and a later `due_at`: those of a worker that died are due again.
    """

    class Rank(models.IntegerChoices):
        """What goes first."""

        OPEN = 0, "in progress when it was read"
        NEW = 1, "listed, and not stored as it is now"
        WHOLE = 2, "stored: look whether it has changed"
        PAST = 3, "of the past, not stored yet"

    scope = models.ForeignKey(
        TraceScope, on_delete=models.CASCADE, related_name="rereads"
    )
    trace_id = models.CharField(max_length=35)
    started_at = models.DateTimeField()
    changed_at = models.DateTimeField()
    revision = models.BigIntegerField(null=True, blank=True)
    wanted = models.BigIntegerField(default=0)
    is_partial = models.BooleanField(default=False)
    # Larger than X-Ray keeps: what is stored of it is not whole.
    is_cut = models.BooleanField(default=False)
    rank = models.PositiveSmallIntegerField(choices=Rank.choices)
    # None: nothing is due any more.
    due_at = models.DateTimeField(null=True, blank=True)
    claim = models.CharField(max_length=32, blank=True)
    # How often X-Ray listed it and did not hand it out.
    attempts = models.PositiveSmallIntegerField(default=0)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["scope", "trace_id"], name="one_reread_per_trace"
            )
        ]
        indexes: ClassVar = [
            models.Index(fields=["scope", "rank", "due_at"], name="reread_due"),
            models.Index(fields=["scope", "changed_at"], name="reread_changed"),
            models.Index(fields=["claim"], name="reread_claim"),
        ]

    def __str__(self) -> str:
        return self.trace_id


class SamplingRule(models.Model):
    """A sampling rule in force, as X-Ray told it last. `rate` is from 0 to 1, of what
    exceeds `reservoir` requests a second."""

    scope = models.ForeignKey(
        TraceScope, on_delete=models.CASCADE, related_name="sampling_rules"
    )
    name = models.CharField(max_length=64)
    priority = models.IntegerField()
    rate = models.FloatField()
    reservoir = models.IntegerField()
    service_name = models.CharField(max_length=200)
    service_type = models.CharField(max_length=200)
    host = models.CharField(max_length=200)
    method = models.CharField(max_length=40)
    path = models.CharField(max_length=400)
    resource_arn = models.CharField(max_length=600)
    attributes = models.JSONField(default=dict)

    class Meta:
        ordering: ClassVar = ["scope", "priority", "name"]

    def __str__(self) -> str:
        return self.name


class TraceGroup(models.Model):
    """A group of X-Ray, with the filter expression of the traces in it."""

    scope = models.ForeignKey(
        TraceScope, on_delete=models.CASCADE, related_name="groups"
    )
    name = models.CharField(max_length=64)
    arn = models.CharField(max_length=400, blank=True)
    expression = models.TextField(blank=True)

    class Meta:
        ordering: ClassVar = ["scope", "name"]

    def __str__(self) -> str:
        return self.name


class GraphCheck(models.Model):
    """Our map of a window, held against X-Ray's own graph of it.

    `differences` are edges that differ, the largest first, with both counts.
    `kept_differing`: edges on which the map that is kept is not what its spans say.
    """

    scope = models.ForeignKey(
        TraceScope, on_delete=models.CASCADE, related_name="checks"
    )
    since = models.DateTimeField()
    until = models.DateTimeField()
    checked_at = models.DateTimeField()
    equal = models.PositiveIntegerField(default=0)
    differing = models.PositiveIntegerField(default=0)
    kept_differing = models.PositiveIntegerField(default=0)
    differences = models.JSONField(default=list)
    problem = models.TextField(blank=True)

    class Meta:
        ordering: ClassVar = ["-since"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["scope", "since"], name="one_check_per_window"
            )
        ]

    def __str__(self) -> str:
        return f"{self.scope}: {self.since} to {self.until}"
