"""The service map, kept per minute, hour and day."""

from __future__ import annotations

from django.db import models


class SeenNode(models.Model):
    """A node that some trace has shown, and when it did first and last.
    `sends_spans`: it was not only seen by those who call it."""

    account = models.CharField(max_length=20, blank=True)
    type = models.CharField(max_length=200, blank=True)
    name = models.CharField(max_length=200)
    sends_spans = models.BooleanField(default=False)
    first_seen = models.DateTimeField()
    last_seen = models.DateTimeField()

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=["account", "type", "name"], name="node_once"
            ),
        )

    def __str__(self) -> str:
        return self.name


class SeenEdge(models.Model):
    """An edge that some trace has shown. `aliases`: what callers called the callee."""

    source = models.ForeignKey(SeenNode, models.CASCADE, related_name="leaving")
    target = models.ForeignKey(SeenNode, models.CASCADE, related_name="arriving")
    is_async = models.BooleanField()
    aliases = models.JSONField(default=list)
    first_seen = models.DateTimeField()
    last_seen = models.DateTimeField()

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=["source", "target", "is_async"], name="edge_once"
            ),
        )

    def __str__(self) -> str:
        return f"{self.source} → {self.target}"


class MapChunk(models.Model):
    """What was counted in one minute, hour or day. `began_s`: seconds since 1970.
    `traces` that began in it, and those of them whose root failed, stand beside what is
    packed, for strips of time over many chunks."""

    period_seconds = models.IntegerField()
    began_s = models.BigIntegerField()
    traces = models.BigIntegerField(default=0)
    faults = models.BigIntegerField(default=0)
    errors = models.BigIntegerField(default=0)
    packed = models.BinaryField()

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=["period_seconds", "began_s"], name="chunk_once"
            ),
        )

    def __str__(self) -> str:
        return f"{self.period_seconds} s from {self.began_s}"


class MapLock(models.Model):
    """One row. Whoever changes traces and what is counted of them holds it, so that
    each change is counted once."""

    class Meta:
        verbose_name = "lock of the service map"

    def __str__(self) -> str:
        return "lock of the service map"
