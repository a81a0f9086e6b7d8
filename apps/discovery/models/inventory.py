"""Resources of AWS as they are, and every configuration that was seen of them."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from apps.discovery.inventory.items import ItemSource, ItemStatus, ResourceKey


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
    deleted_at = models.DateTimeField(null=True, blank=True)

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
