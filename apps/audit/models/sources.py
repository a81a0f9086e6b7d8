"""Where CloudTrail events come from, and how far they were read."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models.functions import Now

from apps.discovery.models import Account


class TrailSource(models.Model):
    """A place to collect CloudTrail events from.

    A bucket is read by the notifications of a queue, if it has one, and by sweeps
    that list it. Without a bucket, events are looked up: 90 days, management events
    only, two requests a second.
    """

    class Kind(models.TextChoices):
        BUCKET = "bucket", "S3 bucket"
        LOOKUP = "lookup", "LookupEvents"

    kind = models.CharField(max_length=10, choices=Kind.choices)
    name = models.CharField(max_length=100, unique=True)
    account = models.ForeignKey(Account, on_delete=models.CASCADE)
    region = models.CharField(max_length=40, default="us-east-1")
    bucket = models.CharField(max_length=63, blank=True)
    prefix = models.CharField(max_length=500, blank=True)
    queue_url = models.CharField(max_length=500, blank=True)
    regions = models.JSONField(default=list, blank=True)
    first_day = models.DateField(null=True, blank=True)
    is_enabled = models.BooleanField(default=True)
    created_at = models.DateTimeField(auto_now_add=True)

    ran_at = models.DateTimeField(null=True, blank=True)
    swept_at = models.DateTimeField(null=True, blank=True)
    deep_swept_at = models.DateTimeField(null=True, blank=True)
    succeeded_at = models.DateTimeField(null=True, blank=True)
    problem = models.TextField(blank=True)
    problem_since = models.DateTimeField(null=True, blank=True)
    claimed_until = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering: ClassVar = ["name"]

    def __str__(self) -> str:
        return self.name


class LogObject(models.Model):
    """A log file in a bucket: known, read, or failed. Its key is its identity."""

    class State(models.TextChoices):
        FOUND = "found", "Waiting"
        DONE = "done", "Read"
        FAILED = "failed", "Failed"

    source = models.ForeignKey(TrailSource, on_delete=models.CASCADE)
    key = models.CharField(max_length=1_024)
    account = models.CharField(max_length=64, blank=True)
    region = models.CharField(max_length=40, blank=True)
    delivered_at = models.DateTimeField(null=True, blank=True)
    found_at = models.DateTimeField(db_default=Now())
    state = models.CharField(max_length=10, choices=State.choices, default=State.FOUND)
    attempts = models.PositiveSmallIntegerField(default=0)
    records = models.PositiveIntegerField(default=0)
    problem = models.TextField(blank=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["source", "key"], name="one_row_per_object")
        ]
        indexes: ClassVar = [
            models.Index(fields=["source", "state", "delivered_at"]),
        ]

    def __str__(self) -> str:
        return self.key


class Coverage(models.Model):
    """A stretch of time that was really read for an account and region."""

    source = models.ForeignKey(TrailSource, on_delete=models.CASCADE)
    account = models.CharField(max_length=64)
    region = models.CharField(max_length=40)
    since = models.DateTimeField()
    until = models.DateTimeField()

    class Meta:
        ordering: ClassVar = ["account", "region", "since"]
        indexes: ClassVar = [models.Index(fields=["source", "account", "region"])]

    def __str__(self) -> str:
        return f"{self.account} {self.region}: {self.since} to {self.until}"
