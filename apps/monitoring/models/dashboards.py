"""Dashboards, their versions, and dashboards asked of an account."""

from __future__ import annotations

import json
from typing import Any, ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q

from apps.discovery.models import Account


class DashboardQuerySet(models.QuerySet["Dashboard"]):
    def visible_to(self, person_id: int) -> DashboardQuerySet:
        """What everybody may see, and one's own."""
        return self.filter(Q(is_shared=True) | Q(owner=person_id))


class Dashboard(models.Model):
    """A dashboard as it is now. `version` counts how often it was saved: whoever
    saves says which version they changed."""

    name = models.CharField(max_length=200)
    slug = models.SlugField(max_length=80, unique=True)
    # The layout as JSON: DashboardSpec.as_json().
    spec = models.TextField()
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        related_name="dashboards",
    )
    is_shared = models.BooleanField(default=True)
    version = models.PositiveIntegerField(default=1)
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()
    updated_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+"
    )

    objects = DashboardQuerySet.as_manager()

    class Meta:
        ordering: ClassVar = ["name", "slug"]

    def __str__(self) -> str:
        return self.name

    @property
    def layout(self) -> Any:
        """The layout, decoded."""
        return json.loads(self.spec)


class DashboardVersion(models.Model):
    """A dashboard as it was saved once."""

    dashboard = models.ForeignKey(
        Dashboard, on_delete=models.CASCADE, related_name="versions"
    )
    version = models.PositiveIntegerField()
    name = models.CharField(max_length=200)
    spec = models.TextField()
    saved_at = models.DateTimeField()
    saved_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+"
    )
    # What was done, in words: "Restored version 3".
    what = models.CharField(max_length=200, blank=True)

    class Meta:
        ordering: ClassVar = ["-version"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["dashboard", "version"], name="one_row_per_dashboard_version"
            )
        ]

    def __str__(self) -> str:
        return f"{self.name}, version {self.version}"


class DashboardRead(models.Model):
    """Dashboards of an account, asked for by a person and read by a worker."""

    class State(models.TextChoices):
        REQUESTED = "requested", "Waiting"
        DONE = "done", "Read"
        FAILED = "failed", "Failed"

    account = models.ForeignKey(Account, on_delete=models.CASCADE)
    state = models.CharField(
        max_length=10, choices=State.choices, default=State.REQUESTED
    )
    requested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+"
    )
    requested_at = models.DateTimeField()
    claimed_until = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)
    problem = models.TextField(blank=True)

    class Meta:
        ordering: ClassVar = ["-requested_at", "-id"]
        indexes: ClassVar = [models.Index(fields=["state", "requested_at"])]

    def __str__(self) -> str:
        return f"dashboards of {self.account}: {self.get_state_display().lower()}"

    @property
    def is_over(self) -> bool:
        return self.state != self.State.REQUESTED


class ReadDashboard(models.Model):
    """A dashboard as CloudWatch keeps it: the body is JSON of an account's people."""

    read = models.ForeignKey(
        DashboardRead, on_delete=models.CASCADE, related_name="dashboards"
    )
    name = models.CharField(max_length=255)
    body = models.TextField(blank=True)
    modified_at = models.DateTimeField(null=True, blank=True)
    problem = models.TextField(blank=True)

    class Meta:
        ordering: ClassVar = ["name"]

    def __str__(self) -> str:
        return self.name
