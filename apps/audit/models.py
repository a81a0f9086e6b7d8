"""Where CloudTrail events come from, how far they were read, what could not be."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import ClassVar

from django.conf import settings
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


class ImportRun(models.Model):
    """An import of files, asked for in one process and perhaps done in another."""

    class State(models.TextChoices):
        REQUESTED = "requested", "Waiting"
        RUNNING = "running", "Running"
        STALLED = "stalled", "Waiting for the store"
        DONE = "done", "Done"
        FAILED = "failed", "Failed"
        CANCELLED = "cancelled", "Cancelled"

    paths = models.JSONField()
    # The machine whose files these are, where others cannot see them.
    host = models.CharField(max_length=255, blank=True)
    # The last file, in the order of reading, whose events are durable.
    read_up_to = models.TextField(blank=True)
    # The first files that hold no log, each with what it is instead.
    skipped = models.JSONField(default=list, blank=True)
    state = models.CharField(
        max_length=10, choices=State.choices, default=State.REQUESTED
    )
    requested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True
    )
    requested_at = models.DateTimeField(auto_now_add=True)
    started_at = models.DateTimeField(null=True, blank=True)
    beaten_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)
    is_cancel_requested = models.BooleanField(default=False)
    files_total = models.PositiveIntegerField(default=0)
    files_done = models.PositiveIntegerField(default=0)
    files_skipped = models.PositiveIntegerField(default=0)
    bytes_total = models.PositiveBigIntegerField(default=0)
    bytes_done = models.PositiveBigIntegerField(default=0)
    new = models.PositiveBigIntegerField(default=0)
    already_there = models.PositiveBigIntegerField(default=0)
    quarantined = models.PositiveBigIntegerField(default=0)
    first_event_at = models.DateTimeField(null=True, blank=True)
    last_event_at = models.DateTimeField(null=True, blank=True)
    problem = models.TextField(blank=True)

    class Meta:
        ordering: ClassVar = ["-requested_at", "-id"]

    def __str__(self) -> str:
        return f"import {self.pk}: {self.get_state_display().lower()}"

    @property
    def until(self) -> datetime | None:
        """The end of a time range that includes the last event."""
        last = self.last_event_at
        return last + timedelta(seconds=1) if last else None

    @property
    def has_ended(self) -> bool:
        """Over, or not to go on before the store takes documents again."""
        return self.is_over or self.state == self.State.STALLED

    @property
    def is_over(self) -> bool:
        return self.state in (
            self.State.DONE,
            self.State.FAILED,
            self.State.CANCELLED,
        )


class QuarantinedRecord(models.Model):
    """Something that could not be read: where it stands, why, and its beginning.

    It is settled when reading its file again finds nothing wrong there.
    """

    class State(models.TextChoices):
        OPEN = "open", "Open"
        RETRY = "retry", "To be read again"
        READING = "reading", "Being read again"
        SETTLED = "settled", "Read since"
        DISMISSED = "dismissed", "Dismissed"

    origin = models.CharField(max_length=1_200)
    offset = models.PositiveBigIntegerField()
    reason = models.TextField()
    excerpt = models.TextField(blank=True)
    source = models.ForeignKey(
        TrailSource, on_delete=models.CASCADE, null=True, blank=True
    )
    account = models.CharField(max_length=64, blank=True)
    state = models.CharField(max_length=10, choices=State.choices, default=State.OPEN)
    first_seen_at = models.DateTimeField()
    last_seen_at = models.DateTimeField()

    class Meta:
        ordering: ClassVar = ["-last_seen_at", "origin", "offset"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["origin", "offset"], name="one_row_per_place"
            )
        ]
        indexes: ClassVar = [models.Index(fields=["state", "-last_seen_at"])]

    def __str__(self) -> str:
        return f"{self.origin} at {self.offset}: {self.reason}"
