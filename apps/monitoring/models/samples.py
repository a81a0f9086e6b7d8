"""Samples of metrics, packed, and what of them was really read."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

# Named here, because statements are written with it.
CHUNKS_TABLE = "monitoring_metricchunk"


class MetricChunk(models.Model):
    """The samples of a series in a stretch of time: see metrics/chunks.py.

    `statistic` is empty for what is mergeable, and names a percentile otherwise. All
    times are seconds since 1970. Series are named by number, without a constraint: the
    rows come by the ten thousand, and series are never removed.
    """

    series_id = models.BigIntegerField()
    period_seconds = models.PositiveIntegerField()
    statistic = models.CharField(max_length=64, default="")
    starts = models.BigIntegerField()
    ends = models.BigIntegerField()
    # Counts up with every change: who read an older one does not overwrite it.
    version = models.PositiveIntegerField()
    # Whether the tier above does not know of the last change yet.
    is_dirty = models.BooleanField()
    last_at = models.BigIntegerField()
    # When the last change was read from CloudWatch.
    read_at = models.BigIntegerField()
    packed = models.BinaryField()

    class Meta:
        db_table = CHUNKS_TABLE
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["series_id", "period_seconds", "statistic", "starts"],
                name="one_chunk_of_a_time",
            )
        ]
        indexes: ClassVar = [
            models.Index(fields=["period_seconds", "ends"], name="chunks_by_age"),
            models.Index(
                fields=["ends"],
                name="chunks_to_roll",
                condition=models.Q(is_dirty=True),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.series_id} {self.statistic} {self.period_seconds}@{self.starts}"


class SampleCoverage(models.Model):
    """What of a series was read at a period, be there samples or none.

    The newest stretch is of columns, so that one statement extends it for every series
    that was read together; those before it are packed: `[[since, until], ...]`.
    """

    series_id = models.BigIntegerField()
    period_seconds = models.PositiveIntegerField()
    since = models.BigIntegerField()
    until = models.BigIntegerField()
    # When the end of the newest stretch was read.
    read_at = models.BigIntegerField()
    earlier = models.TextField(default="[]")

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["series_id", "period_seconds"], name="one_coverage_of_a_series"
            )
        ]

    def __str__(self) -> str:
        return f"{self.series_id} {self.period_seconds}: {self.since}-{self.until}"
