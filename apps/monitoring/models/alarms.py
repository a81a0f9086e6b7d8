"""CloudWatch alarms as they were last told, and what happened to them."""

from __future__ import annotations

from typing import ClassVar, TypeVar

from django.db import models

from apps.discovery.accounts import Viewer
from apps.discovery.models import Account
from apps.monitoring.alarms.records import COMPOSITE, LOG, METRIC, AlarmRecord

M = TypeVar("M", bound=models.Model)


class AlarmScope(models.Model):
    """A region of an account whose alarms are read, by one worker at a time."""

    account = models.ForeignKey(Account, on_delete=models.CASCADE)
    region = models.CharField(max_length=40)
    ran_at = models.DateTimeField(null=True, blank=True)
    claimed_until = models.DateTimeField(null=True, blank=True)
    succeeded_at = models.DateTimeField(null=True, blank=True)
    # Until when the history of alarms is known.
    history_until = models.DateTimeField(null=True, blank=True)
    problem = models.TextField(blank=True)
    problem_since = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering: ClassVar = ["account", "region"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["account", "region"], name="one_row_per_alarm_scope"
            )
        ]

    def __str__(self) -> str:
        return f"{self.account_id} {self.region}"


class VisibleQuerySet(models.QuerySet[M]):
    def visible_to(self, viewer: Viewer) -> VisibleQuerySet[M]:
        """What is in accounts that a person may see."""
        visible = viewer.visible_accounts()
        return self if visible is None else self.filter(account__in=visible)


class CloudWatchAlarm(models.Model):
    """An alarm of CloudWatch. One that is no longer told of is gone since then; its
    row and its history stay."""

    class State(models.TextChoices):
        ALARM = "ALARM", "In alarm"
        INSUFFICIENT_DATA = "INSUFFICIENT_DATA", "Insufficient data"
        OK = "OK", "OK"

    KINDS: ClassVar = [(METRIC, "Metric"), (COMPOSITE, "Composite"), (LOG, "Log")]

    arn = models.CharField(max_length=1_600, unique=True)
    account = models.CharField(max_length=64)
    region = models.CharField(max_length=40)
    kind = models.CharField(max_length=10, choices=KINDS)
    name = models.CharField(max_length=255)
    state = models.CharField(max_length=20, choices=State.choices)
    reason = models.TextField(blank=True)
    since = models.DateTimeField()
    updated_at = models.DateTimeField()
    evaluation_state = models.CharField(max_length=40, blank=True)
    are_actions_enabled = models.BooleanField(default=True)
    settings = models.JSONField(default=dict)
    told_at = models.DateTimeField()
    gone_at = models.DateTimeField(null=True, blank=True)

    objects = VisibleQuerySet["CloudWatchAlarm"].as_manager()

    class Meta:
        ordering: ClassVar = ["name", "account", "region"]
        indexes: ClassVar = [
            models.Index(fields=["account", "region", "name"]),
            models.Index(fields=["state", "-since"]),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def record(self) -> AlarmRecord:
        """The alarm as it was last told."""
        return AlarmRecord(
            kind=self.kind,
            arn=self.arn,
            name=self.name,
            state=self.state,
            reason=self.reason,
            since=self.since,
            updated_at=self.updated_at,
            evaluation_state=self.evaluation_state,
            are_actions_enabled=self.are_actions_enabled,
            settings=self.settings,
        )


class AlarmChange(models.Model):
    """An entry of the history of an alarm. AWS keeps two weeks and may tell one
    twice; it is known by alarm, time and type."""

    account = models.CharField(max_length=64)
    region = models.CharField(max_length=40)
    name = models.CharField(max_length=255)
    kind = models.CharField(max_length=10, choices=CloudWatchAlarm.KINDS)
    at = models.DateTimeField()
    type = models.CharField(max_length=40)
    summary = models.TextField(blank=True)
    was = models.CharField(max_length=20, blank=True)
    became = models.CharField(max_length=20, blank=True)
    data = models.JSONField(default=dict)

    objects = VisibleQuerySet["AlarmChange"].as_manager()

    class Meta:
        ordering: ClassVar = ["-at", "-id"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["account", "region", "name", "at", "type", "became"],
                name="one_row_per_alarm_change",
            )
        ]
        indexes: ClassVar = [
            models.Index(fields=["account", "region", "name", "-at"]),
            models.Index(fields=["type", "-at"]),
        ]

    def __str__(self) -> str:
        return f"{self.name} at {self.at}: {self.summary}"
