"""Where violations are handed on to, and where requests to repair come from."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from apps.audit.models.compliance import Violation
from apps.discovery.models import Account


class RecordTarget(models.Model):
    """A bucket that gets a record of every violation, and a topic that is told."""

    name = models.CharField(max_length=100, unique=True)
    account = models.ForeignKey(Account, on_delete=models.CASCADE)
    region = models.CharField(max_length=40, default="us-east-1")
    bucket = models.CharField(max_length=63)
    prefix = models.CharField(max_length=500, blank=True, default="violations/")
    topic_arn = models.CharField(max_length=300, blank=True)
    is_enabled = models.BooleanField(default=True)
    created_at = models.DateTimeField(auto_now_add=True)
    problem = models.TextField(blank=True)
    problem_since = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering: ClassVar = ["name"]

    def __str__(self) -> str:
        return self.name


class ViolationRecord(models.Model):
    """A record on its way: written to the bucket, then told to the topic."""

    class State(models.TextChoices):
        OPENED = "opened", "Opened"
        RESOLVED = "resolved", "Resolved"

    target = models.ForeignKey(RecordTarget, on_delete=models.CASCADE)
    violation = models.ForeignKey(Violation, on_delete=models.CASCADE)
    state = models.CharField(max_length=10, choices=State.choices)
    due_at = models.DateTimeField()
    claimed_until = models.DateTimeField(null=True, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    stored_at = models.DateTimeField(null=True, blank=True)
    told_at = models.DateTimeField(null=True, blank=True)
    done_at = models.DateTimeField(null=True, blank=True)
    problem = models.TextField(blank=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["target", "violation", "state"], name="one_record_per_state"
            )
        ]
        indexes: ClassVar = [models.Index(fields=["done_at", "due_at"])]

    def __str__(self) -> str:
        return f"{self.violation}: {self.state}, to {self.target}"


class RepairQueue(models.Model):
    """A queue whose messages ask for repairs."""

    name = models.CharField(max_length=100, unique=True)
    account = models.ForeignKey(Account, on_delete=models.CASCADE)
    region = models.CharField(max_length=40, default="us-east-1")
    queue_url = models.CharField(max_length=500)
    is_enabled = models.BooleanField(default=True)
    created_at = models.DateTimeField(auto_now_add=True)
    ran_at = models.DateTimeField(null=True, blank=True)
    succeeded_at = models.DateTimeField(null=True, blank=True)
    claimed_until = models.DateTimeField(null=True, blank=True)
    problem = models.TextField(blank=True)
    problem_since = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering: ClassVar = ["name"]

    def __str__(self) -> str:
        return self.name


class RepairRequest(models.Model):
    """A resource that a message asked to look at and repair, whoever sent it.

    The same request delivered again is the same row.
    """

    class Origin(models.TextChoices):
        RECORD = "record", "Record of a violation"
        CONFIG = "config", "AWS Config notification"
        EVENT = "event", "EventBridge event"
        FINDING = "finding", "Security Hub finding"

    digest = models.CharField(max_length=64, unique=True)
    queue = models.ForeignKey(RepairQueue, on_delete=models.CASCADE)
    origin = models.CharField(max_length=10, choices=Origin.choices)
    account = models.CharField(max_length=64)
    region = models.CharField(max_length=40)
    resource_type = models.CharField(max_length=128)
    resource_id = models.CharField(max_length=1_024)
    rule = models.CharField(max_length=300, blank=True)
    violation = models.ForeignKey(
        Violation, on_delete=models.SET_NULL, null=True, blank=True
    )
    received_at = models.DateTimeField()
    times = models.PositiveIntegerField(default=1)
    due_at = models.DateTimeField()
    claimed_until = models.DateTimeField(null=True, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    answered_at = models.DateTimeField(null=True, blank=True)
    answer = models.TextField(blank=True)

    class Meta:
        ordering: ClassVar = ["-received_at"]
        indexes: ClassVar = [models.Index(fields=["answered_at", "due_at"])]

    def __str__(self) -> str:
        return f"{self.origin}: {self.resource_type} {self.resource_id}"
