"""Traces: a row for each, with what lists and filters need of it."""

from __future__ import annotations

from django.db import models


class Trace(models.Model):
    """A trace as far as its spans have arrived.

    `outline` holds its spans without their records (`spans.outlines`). Fault and error
    are those of the root, throttle that of any span, as in X-Ray's summaries;
    `has_failure` is that of any span. `response_ms` is the root's time to its answer,
    `duration_ms` reaches until the last span ended. `accounts` names the accounts that
    sent spans, each between commas. `senders`: what is known of the spans in other
    traces that links point to, and counted so (`maps.senders`).
    """

    trace_id = models.CharField(primary_key=True, max_length=35)
    started_at = models.DateTimeField()
    duration_ms = models.FloatField()
    response_ms = models.FloatField()
    has_fault = models.BooleanField(default=False)
    has_error = models.BooleanField(default=False)
    has_throttle = models.BooleanField(default=False)
    has_failure = models.BooleanField(default=False)
    is_partial = models.BooleanField(default=False)
    root_service = models.CharField(max_length=200, blank=True)
    root_type = models.CharField(max_length=200, blank=True)
    root_name = models.CharField(max_length=400, blank=True)
    http_method = models.CharField(max_length=20, blank=True)
    http_url = models.CharField(max_length=1_000, blank=True)
    http_status = models.IntegerField(default=0)
    user = models.CharField(max_length=200, blank=True)
    spans = models.IntegerField()
    services = models.IntegerField()
    accounts = models.CharField(max_length=1_000, blank=True)
    outline = models.BinaryField()
    senders = models.JSONField(default=list)
    changed_at = models.DateTimeField()

    class Meta:
        indexes = (
            models.Index(fields=["started_at"], name="trace_started"),
            models.Index(fields=["root_service", "started_at"], name="trace_root"),
            models.Index(fields=["changed_at"], name="trace_changed"),
        )

    def __str__(self) -> str:
        return self.trace_id


class AwaitedTrace(models.Model):
    """A trace that another one links to, and that was not there when it was counted."""

    awaited = models.CharField(max_length=35)
    waiting = models.ForeignKey(Trace, models.CASCADE, related_name="awaits")

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["awaited", "waiting"], name="awaited_once"),
        )

    def __str__(self) -> str:
        return f"{self.waiting_id} awaits {self.awaited}"
