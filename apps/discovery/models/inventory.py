"""Resources of AWS as they are, and every configuration that was seen of them."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from apps.discovery.inventory.items import (
    ConfigItem,
    ItemSource,
    ItemStatus,
    ResourceKey,
)
from apps.discovery.models.people import Account


class Resource(models.Model):
    """A resource as it was seen last; `deleted_at` where it is known to be gone."""

    account = models.CharField(max_length=64)
    region = models.CharField(max_length=40)
    type = models.CharField(max_length=128)
    resource_id = models.CharField(max_length=1_024)
    name = models.CharField(max_length=1_024, blank=True)
    arn = models.CharField(max_length=2_048, blank=True)
    tags = models.JSONField(default=dict, blank=True)
    configuration = models.JSONField(default=dict, blank=True)
    supplementary = models.JSONField(default=dict, blank=True)
    source = models.CharField(
        max_length=10, choices=[(one.value, one.value) for one in ItemSource]
    )
    captured_at = models.DateTimeField()
    state_id = models.BigIntegerField(default=0)
    first_seen_at = models.DateTimeField()
    # When it was last seen to be so by a look of our own.
    seen_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(null=True, blank=True)
    availability_zone = models.CharField(max_length=128, blank=True)
    deleted_at = models.DateTimeField(null=True, blank=True)
    # Whether AWS Config was asked for its past.
    past_read_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["account", "region", "type", "resource_id"],
                name="one_row_per_resource",
            )
        ]
        indexes: ClassVar = [
            models.Index(fields=["type", "account", "region"]),
            models.Index(fields=["name"]),
            models.Index(fields=["arn"]),
        ]

    def __str__(self) -> str:
        return f"{self.type} {self.name or self.resource_id}"

    @property
    def key(self) -> ResourceKey:
        return ResourceKey(self.account, self.region, self.type, self.resource_id)

    @property
    def item(self) -> ConfigItem:
        """The resource as a rule looks at it, without its relationships."""
        return ConfigItem(
            key=self.key,
            status=ItemStatus.DELETED if self.deleted_at else ItemStatus.OK,
            captured_at=self.captured_at,
            source=ItemSource(self.source),
            name=self.name,
            arn=self.arn,
            state_id=self.state_id,
            availability_zone=self.availability_zone,
            created_at=self.created_at,
            tags=self.tags,
            configuration=self.configuration,
            supplementary=self.supplementary,
        )


class ResourceItem(models.Model):
    """One configuration item, kept as it came. `document` is its JSON, compressed."""

    resource = models.ForeignKey(
        Resource, on_delete=models.CASCADE, related_name="items"
    )
    status = models.CharField(
        max_length=30, choices=[(one.value, one.value) for one in ItemStatus]
    )
    captured_at = models.DateTimeField()
    state_id = models.BigIntegerField(default=0)
    source = models.CharField(
        max_length=10,
        choices=[(one.value, one.value) for one in ItemSource],
        default=ItemSource.CONFIG,
    )
    is_base = models.BooleanField(default=False)
    # Of what the item says of the resource, without when it was seen.
    digest = models.CharField(max_length=64)
    document = models.BinaryField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["resource", "captured_at", "state_id"], name="one_row_per_item"
            )
        ]
        indexes: ClassVar = [models.Index(fields=["resource", "-captured_at"])]

    def __str__(self) -> str:
        return f"{self.resource} at {self.captured_at:%Y-%m-%d %H:%M:%S} UTC"


class ResourceLink(models.Model):
    """That a resource says it belongs with another, which may not be known here."""

    resource = models.ForeignKey(
        Resource, on_delete=models.CASCADE, related_name="links"
    )
    account = models.CharField(max_length=64)
    name = models.CharField(max_length=200)
    to_type = models.CharField(max_length=128)
    to_id = models.CharField(max_length=1_024, blank=True)
    to_name = models.CharField(max_length=1_024, blank=True)

    class Meta:
        indexes: ClassVar = [models.Index(fields=["account", "to_type", "to_id"])]

    def __str__(self) -> str:
        return f"{self.name} {self.to_type} {self.to_id or self.to_name}"


class ResourceChange(models.Model):
    """A resource that a follower has yet to look at; see inventory.changes. `mark` is
    another one with each change."""

    follower = models.CharField(max_length=40)
    resource = models.ForeignKey(Resource, on_delete=models.CASCADE)
    mark = models.CharField(max_length=32)
    noted_at = models.DateTimeField()
    claimed_until = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["follower", "resource"], name="one_change_per_follower"
            )
        ]
        indexes: ClassVar = [
            models.Index(fields=["follower", "claimed_until", "noted_at"])
        ]

    def __str__(self) -> str:
        return f"{self.resource} changed, for {self.follower}"


class ConfigSource(models.Model):
    """Where resources of an account and region are learned of.

    From AWS Config by any of three ways: notifications in a queue, files in its bucket,
    its API; or, with the name of an `aggregator`, from copies that lag behind. Where
    `scans`, we look ourselves at what Config does not record.
    """

    account = models.ForeignKey(Account, on_delete=models.CASCADE)
    region = models.CharField(max_length=40)
    aggregator = models.CharField(max_length=256, blank=True)
    queue_url = models.CharField(max_length=500, blank=True)
    bucket = models.CharField(max_length=63, blank=True)
    prefix = models.CharField(max_length=500, blank=True)
    bucket_region = models.CharField(max_length=40, blank=True)
    first_day = models.DateField(null=True, blank=True)
    asks_config = models.BooleanField(default=True)
    scans = models.BooleanField(default=True)
    is_enabled = models.BooleanField(default=True)
    created_at = models.DateTimeField(auto_now_add=True)

    # What the recorder was found to record: None where that is not known.
    recorder_at = models.DateTimeField(null=True, blank=True)
    is_recording = models.BooleanField(null=True)
    recorded_types = models.JSONField(null=True, blank=True)

    # The queue, which is listened to all the time.
    heard_at = models.DateTimeField(null=True, blank=True)
    hearing_until = models.DateTimeField(null=True, blank=True)
    hearing_problem = models.TextField(blank=True)
    hearing_problem_since = models.DateTimeField(null=True, blank=True)
    # All else, which takes its time.
    ran_at = models.DateTimeField(null=True, blank=True)
    succeeded_at = models.DateTimeField(null=True, blank=True)
    swept_at = models.DateTimeField(null=True, blank=True)
    reconciled_at = models.DateTimeField(null=True, blank=True)
    scanned_at = models.DateTimeField(null=True, blank=True)
    # What each part of a run left undone when it was last done.
    problems = models.JSONField(default=dict, blank=True)
    problem = models.TextField(blank=True)
    problem_since = models.DateTimeField(null=True, blank=True)
    claimed_until = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering: ClassVar = ["account", "region", "aggregator"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["account", "region", "aggregator"],
                name="one_config_source_per_place",
            )
        ]

    def __str__(self) -> str:
        what = f"aggregator {self.aggregator}" if self.aggregator else "AWS Config"
        return f"{what} of {self.account}, {self.region}"


class ConfigFile(models.Model):
    """A history or snapshot file in the bucket of a source. Its key is its identity."""

    class State(models.TextChoices):
        FOUND = "found", "Waiting"
        DONE = "done", "Read"
        FAILED = "failed", "Failed"

    source = models.ForeignKey(ConfigSource, on_delete=models.CASCADE)
    key = models.CharField(max_length=1_024)
    found_at = models.DateTimeField()
    state = models.CharField(max_length=10, choices=State.choices, default=State.FOUND)
    attempts = models.PositiveSmallIntegerField(default=0)
    items = models.PositiveIntegerField(default=0)
    problem = models.TextField(blank=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["source", "key"], name="one_row_per_config_file"
            )
        ]
        indexes: ClassVar = [models.Index(fields=["source", "state"])]

    def __str__(self) -> str:
        return self.key


class ConfigGap(models.Model):
    """A time in which something of a place was not recorded, so that nothing can be
    said of it. `types` are those concerned; all where it is empty."""

    class Reason(models.TextChoices):
        ABSENT = "absent", "No recorder"
        OFF = "off", "Recorder is off"
        FAILING = "failing", "Recorder fails"
        DAILY = "daily", "Recorded once a day"
        NARROWED = "narrowed", "Not all types are recorded"
        UNREADABLE = "unreadable", "Could not be read"

    account = models.CharField(max_length=64)
    region = models.CharField(max_length=40)
    reason = models.CharField(max_length=12, choices=Reason.choices)
    types = models.JSONField(default=list, blank=True)
    detail = models.TextField(blank=True)
    since = models.DateTimeField()
    until = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering: ClassVar = ["-since"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["account", "region", "reason"],
                condition=models.Q(until=None),
                name="one_open_config_gap",
            )
        ]

    def __str__(self) -> str:
        return f"{self.get_reason_display()}: {self.account} {self.region}"


class ConfigNotice(models.Model):
    """A notification of Config that tells of no item: kept as it came."""

    source = models.ForeignKey(ConfigSource, on_delete=models.CASCADE)
    message_type = models.CharField(max_length=100)
    digest = models.CharField(max_length=64)
    body = models.TextField()
    received_at = models.DateTimeField()

    class Meta:
        ordering: ClassVar = ["-received_at"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["source", "digest"], name="one_row_per_config_notice"
            )
        ]

    def __str__(self) -> str:
        return f"{self.message_type} of {self.source}"


class SavedSelect(models.Model):
    """A query over resources that somebody saved."""

    name = models.CharField(max_length=100)
    expression = models.TextField()
    saved_by = models.ForeignKey(
        "discovery.User", null=True, on_delete=models.SET_NULL, related_name="+"
    )
    saved_at = models.DateTimeField()

    class Meta:
        ordering: ClassVar = ["name"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["name"], name="one_saved_select_per_name")
        ]

    def __str__(self) -> str:
        return self.name
