"""What was done by whom, written once."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from apps.audit.ledger.chain import GENESIS, Row


class LedgerHead(models.Model):
    """The last row of a stream. Locked by whoever appends."""

    stream = models.CharField(max_length=40, primary_key=True)
    sequence = models.PositiveBigIntegerField(default=0)
    hash = models.CharField(max_length=64, default=GENESIS)
    anchored = models.PositiveBigIntegerField(default=0)
    anchored_at = models.DateTimeField(null=True, blank=True)
    anchor_problem = models.TextField(blank=True)

    def __str__(self) -> str:
        return f"{self.stream} #{self.sequence}"


class LedgerEntry(models.Model):
    """A row of the ledger; the database refuses to change or delete it. `data` is text:
    a database that stores JSON does not keep it as it was."""

    stream = models.CharField(max_length=40)
    sequence = models.PositiveBigIntegerField()
    at = models.DateTimeField()
    kind = models.CharField(max_length=60)
    actor = models.CharField(max_length=200)
    # Of the run, plan, rule or account that it is about, to find it by.
    subject = models.CharField(max_length=200, blank=True)
    # Whose resource it is about; who may not see the account does not see the row.
    account = models.CharField(max_length=64, blank=True)
    data = models.TextField()
    previous = models.CharField(max_length=64)
    hash = models.CharField(max_length=64)

    class Meta:
        ordering: ClassVar = ["stream", "sequence"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["stream", "sequence"], name="one_ledger_row_per_number"
            )
        ]
        indexes: ClassVar = [
            models.Index(fields=["subject", "sequence"]),
            models.Index(fields=["account", "sequence"]),
        ]

    def __str__(self) -> str:
        return f"{self.stream} #{self.sequence} {self.kind}"

    @property
    def row(self) -> Row:
        return Row(
            self.stream,
            self.sequence,
            self.at,
            self.kind,
            self.actor,
            self.subject,
            self.account,
            self.data,
            self.previous,
            self.hash,
        )


class LedgerCheck(models.Model):
    """What the last verification found; one row. Pages do not verify: anchors may be
    in AWS, which only workers ask."""

    requested_at = models.DateTimeField(null=True, blank=True)
    checked_at = models.DateTimeField(null=True, blank=True)
    rows = models.PositiveBigIntegerField(default=0)
    anchors = models.PositiveBigIntegerField(default=0)
    breaks = models.JSONField(default=list, blank=True)
    warnings = models.JSONField(default=list, blank=True)
    problem = models.TextField(blank=True)

    def __str__(self) -> str:
        return f"Checked at {self.checked_at}"
