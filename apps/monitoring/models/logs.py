"""Log groups and streams, how far each was read, and what delivers logs to us."""

from __future__ import annotations

from datetime import timedelta
from typing import ClassVar

from django.db import models

from apps.discovery.accounts import Viewer
from apps.discovery.models import Account


class LogScope(models.Model):
    """A region of an account in which log groups are looked for.

    Two jobs work on it, each under a claim of its own: the inventory, and polling.
    """

    account = models.ForeignKey(Account, on_delete=models.CASCADE)
    region = models.CharField(max_length=40)
    is_enabled = models.BooleanField(default=True)
    # Whether groups that are found are collected without anybody asking for it.
    collects_new = models.BooleanField(default=False)

    ran_at = models.DateTimeField(null=True, blank=True)
    listed_at = models.DateTimeField(null=True, blank=True)
    claimed_until = models.DateTimeField(null=True, blank=True)
    problem = models.TextField(blank=True)
    problem_since = models.DateTimeField(null=True, blank=True)
    polling_until = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering: ClassVar = ["account", "region"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["account", "region"], name="one_row_per_log_scope"
            )
        ]

    def __str__(self) -> str:
        return f"{self.account} {self.region}"


class LogGroupQuerySet(models.QuerySet["LogGroup"]):
    def visible_to(self, viewer: Viewer) -> LogGroupQuerySet:
        """The groups of accounts that a person may see."""
        visible = viewer.visible_accounts()
        return self if visible is None else self.filter(account__in=visible)


class LogGroup(models.Model):
    """A log group as AWS described it last, or as lines of it told.

    It is never removed for not being listed: `gone_at` says since when a complete
    listing lacks it.
    """

    account = models.CharField(max_length=64)
    region = models.CharField(max_length=40)
    name = models.CharField(max_length=512)
    arn = models.CharField(max_length=700, blank=True)
    group_class = models.CharField(max_length=40, blank=True)
    kms_key = models.CharField(max_length=300, blank=True)
    created_at = models.DateTimeField(null=True, blank=True)
    stored_bytes = models.PositiveBigIntegerField(default=0)
    # None: what is in it never expires.
    retention_days = models.PositiveIntegerField(null=True, blank=True)
    metric_filters = models.PositiveIntegerField(default=0)
    # [{"name", "destination", "pattern"}, ...]; None where it was not asked yet.
    subscriptions = models.JSONField(null=True, blank=True)
    last_event_at = models.DateTimeField(null=True, blank=True)
    streams_complete = models.BooleanField(default=False)
    # Bytes a day that came in, as CloudWatch's own metric says; None: not collected.
    daily_bytes = models.FloatField(null=True, blank=True)
    found_at = models.DateTimeField()
    listed_at = models.DateTimeField(null=True, blank=True)
    detailed_at = models.DateTimeField(null=True, blank=True)
    gone_at = models.DateTimeField(null=True, blank=True)
    # When a subscription last delivered lines of it.
    delivered_at = models.DateTimeField(null=True, blank=True)

    objects = LogGroupQuerySet.as_manager()

    class Meta:
        ordering: ClassVar = ["name", "account", "region"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["account", "region", "name"], name="one_row_per_log_group"
            )
        ]

    def __str__(self) -> str:
        return self.name


class LogStream(models.Model):
    """A stream of a group. AWS may tell of its events an hour late."""

    group = models.ForeignKey(
        LogGroup, on_delete=models.CASCADE, related_name="streams"
    )
    name = models.CharField(max_length=512)
    created_at = models.DateTimeField(null=True, blank=True)
    first_event_at = models.DateTimeField(null=True, blank=True)
    last_event_at = models.DateTimeField(null=True, blank=True)
    last_ingestion_at = models.DateTimeField(null=True, blank=True)
    listed_at = models.DateTimeField()
    gone_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering: ClassVar = [models.F("last_event_at").desc(nulls_last=True), "name"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["group", "name"], name="one_row_per_log_stream"
            )
        ]
        indexes: ClassVar = [models.Index(fields=["group", "-last_event_at"])]

    def __str__(self) -> str:
        return self.name


class LogPoll(models.Model):
    """How a group is polled, and how far that came.

    `window_*` is what is being read: a process that dies leaves it here with the
    token to go on from. What was read to its end is LogCoverage.
    """

    class Window(models.TextChoices):
        NONE = "", "none"
        NEW = "new", "what is missing"
        HOURLY = "hourly", "the last 6 hours again"
        NIGHTLY = "nightly", "the last 48 hours again"

    group = models.OneToOneField(
        LogGroup, on_delete=models.CASCADE, related_name="poll"
    )
    is_enabled = models.BooleanField(default=True)
    # Nothing before it is read.
    collect_since = models.DateTimeField()
    next_at = models.DateTimeField()
    looked_at = models.DateTimeField(null=True, blank=True)
    claimed_until = models.DateTimeField(null=True, blank=True)

    window = models.CharField(
        max_length=10, choices=Window.choices, default=Window.NONE, blank=True
    )
    window_since = models.DateTimeField(null=True, blank=True)
    window_until = models.DateTimeField(null=True, blank=True)
    window_token = models.TextField(blank=True)
    window_at = models.DateTimeField(null=True, blank=True)

    settled_at = models.DateTimeField(null=True, blank=True)
    fast_until = models.DateTimeField(null=True, blank=True)
    hourly_at = models.DateTimeField(null=True, blank=True)
    nightly_at = models.DateTimeField(null=True, blank=True)
    # When polling last found lines that were new.
    active_at = models.DateTimeField(null=True, blank=True)
    overlap_seconds = models.PositiveIntegerField(default=600)

    lines = models.PositiveBigIntegerField(default=0)
    # Lines that only a sweep found: CloudWatch showed them later than the overlap.
    late_finds = models.PositiveBigIntegerField(default=0)
    late_found_at = models.DateTimeField(null=True, blank=True)
    succeeded_at = models.DateTimeField(null=True, blank=True)
    problem = models.TextField(blank=True)
    problem_since = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes: ClassVar = [models.Index(fields=["is_enabled", "next_at"])]

    def __str__(self) -> str:
        return f"polling of {self.group}"

    @property
    def overlap(self) -> timedelta:
        return timedelta(seconds=self.overlap_seconds)


class LogCoverage(models.Model):
    """A stretch of time of a group that was read to its end and is durable."""

    group = models.ForeignKey(
        LogGroup, on_delete=models.CASCADE, related_name="coverage"
    )
    since = models.DateTimeField()
    until = models.DateTimeField()

    class Meta:
        ordering: ClassVar = ["group", "since"]
        indexes: ClassVar = [models.Index(fields=["group", "since"])]

    def __str__(self) -> str:
        return f"{self.group}: {self.since} to {self.until}"


class LogOutage(models.Model):
    """A time in which a group was not polled, or a source not read, or not all of it;
    `until` is empty while it lasts.

    What was missed is made good afterwards, and LogCoverage then has no gap: this
    row goes on telling that the lines came late.
    """

    group = models.ForeignKey(
        LogGroup, on_delete=models.CASCADE, related_name="outages", null=True
    )
    source = models.ForeignKey(
        "LogSource", on_delete=models.CASCADE, related_name="outages", null=True
    )
    since = models.DateTimeField()
    until = models.DateTimeField(null=True, blank=True)
    problem = models.TextField()

    class Meta:
        ordering: ClassVar = ["-since"]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=models.Q(group=None) ^ models.Q(source=None),
                name="log_outage_of_one",
            ),
            models.UniqueConstraint(
                fields=["group"],
                condition=models.Q(until=None),
                name="one_outage_at_a_time_per_log_group",
            ),
            models.UniqueConstraint(
                fields=["source"],
                condition=models.Q(until=None),
                name="one_outage_at_a_time_per_log_source",
            ),
        ]

    def __str__(self) -> str:
        whose = self.group or self.source
        return f"{whose} from {self.since} to {self.until}: {self.problem}"


class LogSource(models.Model):
    """A place that logs are delivered to, or that delivers them to us.

    A Kinesis stream and a bucket are read; Firehose and Lambda call us, with a key
    whose hash alone is kept. `owners` are the accounts whose lines are believed.
    """

    class Kind(models.TextChoices):
        KINESIS = "kinesis", "Kinesis stream"
        FIREHOSE = "firehose", "Firehose"
        LAMBDA = "lambda", "Lambda function"
        BUCKET = "bucket", "S3 bucket"

    kind = models.CharField(max_length=10, choices=Kind.choices)
    name = models.CharField(max_length=100, unique=True)
    account = models.ForeignKey(Account, on_delete=models.CASCADE)
    region = models.CharField(max_length=40, default="us-east-1")
    # Further accounts whose logs may come this way; its own always may.
    owners = models.JSONField(default=list, blank=True)
    stream = models.CharField(max_length=128, blank=True)
    bucket = models.CharField(max_length=63, blank=True)
    prefix = models.CharField(max_length=500, blank=True)
    queue_url = models.CharField(max_length=500, blank=True)
    # The log group of files that do not tell theirs.
    log_group = models.CharField(max_length=512, blank=True)
    first_day = models.DateField(null=True, blank=True)
    key_digest = models.CharField(max_length=64, blank=True)
    key_made_at = models.DateTimeField(null=True, blank=True)
    is_enabled = models.BooleanField(default=True)
    created_at = models.DateTimeField(auto_now_add=True)

    ran_at = models.DateTimeField(null=True, blank=True)
    swept_at = models.DateTimeField(null=True, blank=True)
    succeeded_at = models.DateTimeField(null=True, blank=True)
    # When the newest line that came this way was written.
    newest_at = models.DateTimeField(null=True, blank=True)
    lines = models.PositiveBigIntegerField(default=0)
    already_there = models.PositiveBigIntegerField(default=0)
    quarantined = models.PositiveBigIntegerField(default=0)
    problem = models.TextField(blank=True)
    problem_since = models.DateTimeField(null=True, blank=True)
    claimed_until = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering: ClassVar = ["name"]

    def __str__(self) -> str:
        return self.name

    def delivers_for(self, owner: str) -> bool:
        """Whether lines of an account are believed when they come this way."""
        return owner == self.account_id or owner in self.owners


class LogShard(models.Model):
    """A shard of a Kinesis stream, and the last record of it that is durable."""

    source = models.ForeignKey(
        LogSource, on_delete=models.CASCADE, related_name="shards"
    )
    shard = models.CharField(max_length=128)
    sequence = models.CharField(max_length=128, blank=True)
    read_at = models.DateTimeField(null=True, blank=True)
    behind_ms = models.PositiveBigIntegerField(default=0)
    # Read to its end: it was split or merged, and nothing more will come.
    is_finished = models.BooleanField(default=False)

    class Meta:
        ordering: ClassVar = ["shard"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["source", "shard"], name="one_row_per_log_shard"
            )
        ]

    def __str__(self) -> str:
        return self.shard


class LogArchive(models.Model):
    """A file of logs in a bucket: known, read, or failed."""

    class State(models.TextChoices):
        FOUND = "found", "Waiting"
        DONE = "done", "Read"
        FAILED = "failed", "Failed"

    source = models.ForeignKey(
        LogSource, on_delete=models.CASCADE, related_name="archives"
    )
    key = models.CharField(max_length=1_024)
    size = models.PositiveBigIntegerField(default=0)
    found_at = models.DateTimeField()
    state = models.CharField(max_length=10, choices=State.choices, default=State.FOUND)
    attempts = models.PositiveSmallIntegerField(default=0)
    problem = models.TextField(blank=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["source", "key"], name="one_row_per_log_archive"
            )
        ]
        indexes: ClassVar = [models.Index(fields=["source", "state", "found_at"])]

    def __str__(self) -> str:
        return self.key
