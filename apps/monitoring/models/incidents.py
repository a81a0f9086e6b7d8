"""Alert rules, what they made of what they read, and the incidents that came of it."""

from __future__ import annotations

from typing import ClassVar, TypeVar

from django.conf import settings
from django.db import models

from apps.discovery.accounts import Viewer
from apps.monitoring.incidents.deciding import COMPARISONS, Missing, Policy
from apps.monitoring.notifications.notices import Severity

M = TypeVar("M", bound=models.Model)

SEVERITIES = [(one.value, one.value.capitalize()) for one in Severity]
_PERSON = settings.AUTH_USER_MODEL


class VisibleQuerySet(models.QuerySet[M]):
    def visible_to(self, viewer: Viewer) -> VisibleQuerySet[M]:
        """What is in accounts that a person may see. What is of no one account only
        those see who may see all."""
        visible = viewer.visible_accounts()
        return self if visible is None else self.filter(account__in=visible)


class AlertRule(models.Model):
    """What is watched, and when that is an incident.

    `account` and `region` are empty where it watches all. `revision` counts every
    change, `basis` those after which what was seen before says nothing: another kind,
    query, place or period. A deleted rule is kept for its incidents.
    """

    name = models.CharField(max_length=120)
    description = models.TextField(blank=True, max_length=4_000)
    kind = models.CharField(max_length=40)
    parameters = models.JSONField(default=dict)
    account = models.CharField(max_length=64, blank=True)
    region = models.CharField(max_length=40, blank=True)

    period_seconds = models.PositiveIntegerField(default=60)
    comparison = models.CharField(
        max_length=2,
        default="gt",
        choices=[(name, one.words) for name, one in COMPARISONS.items()],
    )
    threshold = models.FloatField()
    needed = models.PositiveSmallIntegerField(default=1)
    periods = models.PositiveSmallIntegerField(default=1)
    missing = models.CharField(
        max_length=10,
        default=Missing.MISSING,
        choices=[(one.value, one.words) for one in Missing],
    )
    hold_seconds = models.PositiveIntegerField(default=0)

    severity = models.CharField(max_length=10, choices=SEVERITIES, default="medium")
    title_template = models.CharField(max_length=200, blank=True)
    key_template = models.CharField(max_length=200, blank=True)

    is_enabled = models.BooleanField(default=False)
    starter = models.CharField(max_length=60, blank=True)
    revision = models.PositiveIntegerField(default=1)
    basis = models.PositiveIntegerField(default=1)
    created_by = models.ForeignKey(
        _PERSON, on_delete=models.SET_NULL, null=True, related_name="+"
    )
    created_at = models.DateTimeField()
    changed_at = models.DateTimeField()
    deleted_at = models.DateTimeField(null=True, blank=True)

    next_at = models.DateTimeField(null=True, blank=True)
    claimed_by = models.CharField(max_length=32, blank=True)
    claimed_until = models.DateTimeField(null=True, blank=True)
    evaluated_at = models.DateTimeField(null=True, blank=True)
    # Until when it was judged: the end of a period, in seconds since 1970.
    judged_until = models.BigIntegerField(null=True, blank=True)
    problem = models.TextField(blank=True)
    problem_since = models.DateTimeField(null=True, blank=True)

    objects = VisibleQuerySet["AlertRule"].as_manager()

    class Meta:
        ordering: ClassVar = ["name", "pk"]
        indexes: ClassVar = [
            models.Index(
                fields=["next_at"],
                name="rules_to_evaluate",
                condition=models.Q(is_enabled=True, deleted_at=None),
            )
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def policy(self) -> Policy:
        return Policy(
            comparison=self.comparison,
            threshold=self.threshold,
            needed=self.needed,
            periods=self.periods,
            missing=self.missing,
            hold_seconds=self.hold_seconds,
            period_seconds=self.period_seconds,
        )


class RuleVersion(models.Model):
    """A rule as it was from a time on, and who changed it."""

    rule = models.ForeignKey(
        AlertRule, on_delete=models.CASCADE, related_name="versions"
    )
    revision = models.PositiveIntegerField()
    at = models.DateTimeField()
    by = models.ForeignKey(
        _PERSON, on_delete=models.SET_NULL, null=True, related_name="+"
    )
    spec = models.JSONField()

    class Meta:
        ordering: ClassVar = ["-revision"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["rule", "revision"], name="one_row_per_rule_revision"
            )
        ]

    def __str__(self) -> str:
        return f"{self.rule} as of revision {self.revision}"


class Incident(models.Model):
    """Something that is wrong, from one or several things that rules watch.

    `key` is what makes two of them the same: in an account, one is open at a time.
    `revision` counts its changes of state, so that each is told once.
    """

    class Ended(models.TextChoices):
        DATA = "data", "by data"
        PERSON = "person", "by a person"
        RULE = "rule", "its rule was changed or removed"

    key = models.CharField(max_length=400)
    rule = models.ForeignKey(
        AlertRule, on_delete=models.CASCADE, related_name="incidents"
    )
    title = models.CharField(max_length=300)
    text = models.TextField(blank=True)
    severity = models.CharField(max_length=10, choices=SEVERITIES)
    account = models.CharField(max_length=64, blank=True)
    region = models.CharField(max_length=40, blank=True)
    service = models.CharField(max_length=255, blank=True)
    resource = models.CharField(max_length=1_024, blank=True)
    labels = models.JSONField(default=dict)
    url = models.TextField(blank=True)
    # What was watched: the key of the reading that opened it, and under which revision.
    reading_key = models.CharField(max_length=400)
    rule_revision = models.PositiveIntegerField(default=1)
    value = models.FloatField(null=True, blank=True)

    opened_at = models.DateTimeField()
    changed_at = models.DateTimeField()
    acknowledged_at = models.DateTimeField(null=True, blank=True)
    acknowledged_by = models.ForeignKey(
        _PERSON, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    note = models.TextField(blank=True, max_length=2_000)
    resolved_at = models.DateTimeField(null=True, blank=True)
    ended = models.CharField(max_length=10, choices=Ended.choices, blank=True)
    revision = models.PositiveIntegerField(default=1)

    objects = VisibleQuerySet["Incident"].as_manager()

    class Meta:
        ordering: ClassVar = ["-opened_at", "-pk"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["account", "key"],
                condition=models.Q(resolved_at=None),
                name="one_open_incident_of_a_key",
            )
        ]
        indexes: ClassVar = [
            models.Index(fields=["resolved_at", "-opened_at"]),
            models.Index(fields=["account", "key", "-opened_at"]),
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def state(self) -> str:
        """open, acknowledged or resolved."""
        if self.resolved_at:
            return "resolved"
        return "acknowledged" if self.acknowledged_at else "open"


class IncidentEvent(models.Model):
    """Something that happened to an incident, for good."""

    class Kind(models.TextChoices):
        OPENED = "opened", "Opened"
        JOINED = "joined", "Wider"
        LEFT = "left", "Narrower"
        ACKNOWLEDGED = "acknowledged", "Acknowledged"
        COMMENT = "comment", "Comment"
        RESOLVED = "resolved", "Resolved"
        CLOSED = "closed", "Closed"
        REOPENED = "reopened", "Reopened"

    incident = models.ForeignKey(
        Incident, on_delete=models.CASCADE, related_name="events"
    )
    at = models.DateTimeField()
    kind = models.CharField(max_length=20, choices=Kind.choices)
    text = models.TextField(blank=True)
    by = models.ForeignKey(
        _PERSON, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )

    class Meta:
        ordering: ClassVar = ["at", "pk"]

    def __str__(self) -> str:
        return f"{self.incident}: {self.kind}"


class RuleState(models.Model):
    """What is kept of one thing that a rule watches, between two evaluations.

    Times are seconds since 1970. It is changed in the transaction that opens or
    resolves what comes of it. `incident`: the one it is part of while it fires, even
    if a person closed that.
    """

    rule = models.ForeignKey(AlertRule, on_delete=models.CASCADE, related_name="states")
    key = models.CharField(max_length=400)
    basis = models.PositiveIntegerField()
    is_firing = models.BooleanField(default=False)
    is_blind = models.BooleanField(default=True)
    since = models.BigIntegerField()
    good_since = models.BigIntegerField(null=True, blank=True)
    breached_until = models.BigIntegerField(default=0)
    judged_until = models.BigIntegerField()
    value = models.FloatField(null=True, blank=True)
    text = models.TextField(blank=True)
    url = models.TextField(blank=True)
    account = models.CharField(max_length=64, blank=True)
    region = models.CharField(max_length=40, blank=True)
    labels = models.JSONField(default=dict)
    incident = models.ForeignKey(
        Incident,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="members",
    )

    class Meta:
        ordering: ClassVar = ["-is_firing", "key"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["rule", "key"], name="one_state_of_a_watched_thing"
            )
        ]

    def __str__(self) -> str:
        return f"{self.rule}: {self.key}"


class EvaluationHour(models.Model):
    """Every evaluation of one thing in an hour that began at `began`, seconds since
    1970. `entries` are incidents/evaluations.py's."""

    rule = models.ForeignKey(AlertRule, on_delete=models.CASCADE, related_name="hours")
    key = models.CharField(max_length=400)
    began = models.BigIntegerField()
    entries = models.JSONField(default=list)

    class Meta:
        ordering: ClassVar = ["-began"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["rule", "key", "began"], name="one_row_of_evaluations_an_hour"
            )
        ]
        indexes: ClassVar = [models.Index(fields=["began"], name="evaluations_by_age")]

    def __str__(self) -> str:
        return f"{self.rule}: {self.key} from {self.began}"


class RuleOutage(models.Model):
    """A stretch of time in which a rule could not be evaluated, and why."""

    rule = models.ForeignKey(
        AlertRule, on_delete=models.CASCADE, related_name="outages"
    )
    since = models.DateTimeField()
    until = models.DateTimeField(null=True, blank=True)
    problem = models.TextField()

    class Meta:
        ordering: ClassVar = ["-since"]

    def __str__(self) -> str:
        return f"{self.rule}: {self.problem}"


class Backtest(models.Model):
    """A rule held against what is stored, before it watches. `spec` is the rule as it
    was then; `result` is incidents/backtesting.py's; `carried` what to go on from."""

    class State(models.TextChoices):
        REQUESTED = "requested", "Waiting"
        RUNNING = "running", "Running"
        DONE = "done", "Done"
        FAILED = "failed", "Failed"
        CANCELLED = "cancelled", "Cancelled"

    spec = models.JSONField()
    name = models.CharField(max_length=120)
    account = models.CharField(max_length=64, blank=True)
    rule = models.ForeignKey(
        AlertRule, on_delete=models.CASCADE, null=True, related_name="backtests"
    )
    requested_by = models.ForeignKey(
        _PERSON, on_delete=models.SET_NULL, null=True, related_name="+"
    )
    # Whose accounts may be read: None means all.
    visible = models.JSONField(null=True, blank=True)
    requested_at = models.DateTimeField()
    since = models.DateTimeField()
    until = models.DateTimeField()
    state = models.CharField(
        max_length=10, choices=State.choices, default=State.REQUESTED
    )
    claimed_until = models.DateTimeField(null=True, blank=True)
    # How far it came.
    reached = models.DateTimeField(null=True, blank=True)
    carried = models.JSONField(default=dict)
    result = models.JSONField(default=dict)
    problem = models.TextField(blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)

    objects = VisibleQuerySet["Backtest"].as_manager()

    class Meta:
        ordering: ClassVar = ["-requested_at"]

    def __str__(self) -> str:
        return f"{self.name} over the past"
