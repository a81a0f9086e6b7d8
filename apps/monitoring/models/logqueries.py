"""Queries of log lines that take long or cost money: asked for, done, and paid for."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models

from apps.discovery.models import Account


class LogQueryRun(models.Model):
    """A query that somebody asked, with how far it is and what it found so far.

    A page that was answered at once leaves a row too, without rows of an answer: it is
    the person's history. Whoever works on a run holds it by `beaten_at`.
    """

    class Place(models.TextChoices):
        HERE = "here", "Stored lines"
        AWS = "aws", "CloudWatch"

    class State(models.TextChoices):
        REQUESTED = "requested", "Waiting"
        RUNNING = "running", "Running"
        DONE = "done", "Done"
        FAILED = "failed", "Failed"
        CANCELLED = "cancelled", "Cancelled"

    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="log_queries"
    )
    place = models.CharField(max_length=10, choices=Place.choices, default=Place.HERE)
    language = models.CharField(max_length=20)
    query = models.TextField()
    # The question as a URL has it; its relative times are those of `asked_at`.
    asked = models.TextField()
    # Accounts that the answer may tell of; None: of all.
    scope = models.JSONField(null=True, blank=True)
    state = models.CharField(
        max_length=10, choices=State.choices, default=State.REQUESTED
    )
    is_cancel_requested = models.BooleanField(default=False)
    asked_at = models.DateTimeField()
    started_at = models.DateTimeField(null=True, blank=True)
    beaten_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    problem = models.TextField(blank=True)

    scanned = models.PositiveBigIntegerField(default=0)
    total = models.PositiveBigIntegerField(default=0)
    matched = models.PositiveBigIntegerField(default=0)
    bytes = models.PositiveBigIntegerField(default=0)
    seconds = models.FloatField(default=0)

    # `found` rows, of which the first `rows` are kept; `version` goes on whenever
    # these change.
    version = models.PositiveIntegerField(default=0)
    found = models.PositiveIntegerField(default=0)
    rows = models.PositiveIntegerField(default=0)
    partial = models.JSONField(default=list, blank=True)

    # Of a query at AWS: where, the price that was agreed to, and what it was.
    account = models.ForeignKey(
        Account, on_delete=models.CASCADE, null=True, blank=True
    )
    region = models.CharField(max_length=40, blank=True)
    groups = models.JSONField(default=list, blank=True)
    # When there is something to do; whoever works on it moves it on and has it.
    next_at = models.DateTimeField(null=True, blank=True)
    query_id = models.CharField(max_length=256, blank=True)
    day = models.DateField(null=True, blank=True)
    most_bytes = models.PositiveBigIntegerField(default=0)
    most_dollars = models.FloatField(default=0)
    dollars = models.FloatField(null=True, blank=True)

    class Meta:
        ordering: ClassVar = ["-asked_at", "-id"]
        indexes: ClassVar = [
            models.Index(fields=["owner", "-asked_at"], name="log_query_of_person"),
            models.Index(fields=["state", "place"], name="log_query_by_state"),
        ]

    def __str__(self) -> str:
        return f"log query {self.pk}: {self.get_state_display().lower()}"

    @property
    def is_over(self) -> bool:
        return self.state not in (self.State.REQUESTED, self.State.RUNNING)

    @property
    def percent(self) -> float:
        return 100 * self.scanned / self.total if self.total else 0.0


class LogQueryRows(models.Model):
    """A piece of the rows that a run found: deflated JSON, see `keeping`."""

    run = models.ForeignKey(
        LogQueryRun, on_delete=models.CASCADE, related_name="pieces"
    )
    number = models.PositiveIntegerField()
    content = models.BinaryField()

    class Meta:
        ordering: ClassVar = ["number"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["run", "number"], name="one_piece_of_log_rows"
            )
        ]

    def __str__(self) -> str:
        return f"{self.run_id}: rows {self.number}"


class LogQueryDay(models.Model):
    """What queries at AWS cost an account on a day, UTC, in dollars. Those on their
    way count with the most they may cost."""

    account = models.ForeignKey(Account, on_delete=models.CASCADE)
    day = models.DateField()
    dollars = models.FloatField(default=0)
    queries = models.PositiveIntegerField(default=0)
    bytes = models.PositiveBigIntegerField(default=0)

    class Meta:
        ordering: ClassVar = ["-day", "account"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["account", "day"], name="one_log_query_day")
        ]

    def __str__(self) -> str:
        return f"{self.account_id} {self.day}: ${self.dollars:.4f}"
