"""Spans that were posted to us, until they are in the store."""

from __future__ import annotations

from django.db import models


class SpanDelivery(models.Model):
    """A body as it was posted, compressed. It was answered: what it holds is ours.

    `refused` are the places of spans in it that the sender was told we do not take.
    `claim` is the mark of the run that works on it since `claimed_at`. `size` is in
    bytes as kept.
    """

    class Format(models.TextChoices):
        XRAY = "xray", "X-Ray"
        ZIPKIN = "zipkin", "Zipkin"
        OTLP_JSON = "otlp-json", "OTLP in JSON"
        OTLP = "otlp", "OTLP"

    format = models.CharField(max_length=20, choices=Format.choices)
    account = models.CharField(max_length=20, blank=True)
    region = models.CharField(max_length=30, blank=True)
    body = models.BinaryField()
    size = models.IntegerField()
    refused = models.JSONField(default=list)
    received_at = models.DateTimeField()
    claimed_at = models.DateTimeField(null=True)
    claim = models.CharField(max_length=32, blank=True)

    class Meta:
        indexes = (models.Index(fields=["claim"], name="delivery_claim"),)

    def __str__(self) -> str:
        return f"{self.get_format_display()} of {self.received_at}"
