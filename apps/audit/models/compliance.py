"""Rules, what they said of resources, and violations."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from apps.audit.compliance.verdicts import Outcome
from apps.discovery.models import Resource


class ComplianceRule(models.Model):
    """A rule of ours or one that AWS Config evaluates.

    `identifier`: of a managed rule, such as INCOMING_SSH_DISABLED, where it is one.
    """

    class Kind(models.TextChoices):
        MANAGED = "managed", "Managed rule, evaluated here"
        CUSTOM = "custom", "Rule of conditions"
        CONFIG = "config", "Evaluated by AWS Config"

    slug = models.SlugField(max_length=140, unique=True)
    title = models.CharField(max_length=200)
    description = models.TextField(blank=True)
    kind = models.CharField(max_length=10, choices=Kind.choices)
    identifier = models.CharField(max_length=140, blank=True)
    parameters = models.JSONField(default=dict, blank=True)
    conditions = models.JSONField(default=dict, blank=True)
    resource_types = models.JSONField(default=list, blank=True)
    severity = models.CharField(max_length=10, default="medium")
    # Of rules that AWS Config evaluates: where.
    account = models.CharField(max_length=64, blank=True)
    region = models.CharField(max_length=40, blank=True)
    is_enabled = models.BooleanField(default=True)
    created_at = models.DateTimeField(auto_now_add=True)
    changed_at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering: ClassVar = ["slug"]

    def __str__(self) -> str:
        return self.title


class Evaluation(models.Model):
    """What a rule said last of a resource."""

    rule = models.ForeignKey(
        ComplianceRule, on_delete=models.CASCADE, related_name="evaluations"
    )
    resource = models.ForeignKey(
        Resource, on_delete=models.CASCADE, related_name="evaluations"
    )
    outcome = models.CharField(
        max_length=15, choices=[(one.value, one.value) for one in Outcome]
    )
    reason = models.TextField(blank=True)
    path = models.CharField(max_length=500, blank=True)
    evaluated_at = models.DateTimeField()
    # Since when it says so.
    since = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["rule", "resource"], name="one_evaluation_per_rule_and_resource"
            )
        ]
        indexes: ClassVar = [models.Index(fields=["resource", "outcome"])]

    def __str__(self) -> str:
        return f"{self.rule}: {self.outcome} for {self.resource}"


class Violation(models.Model):
    """A resource that fails a rule, from the first look that saw it until one that
    passed. Opened again, it is another row."""

    rule = models.ForeignKey(
        ComplianceRule, on_delete=models.CASCADE, related_name="violations"
    )
    resource = models.ForeignKey(
        Resource, on_delete=models.CASCADE, related_name="violations"
    )
    account = models.CharField(max_length=64)
    region = models.CharField(max_length=40)
    reason = models.TextField(blank=True)
    path = models.CharField(max_length=500, blank=True)
    owner = models.CharField(max_length=200, blank=True)
    opened_at = models.DateTimeField()
    # When AWS says that the resource became so.
    changed_at = models.DateTimeField(null=True, blank=True)
    seen_at = models.DateTimeField()
    resolved_at = models.DateTimeField(null=True, blank=True)
    resolution = models.CharField(max_length=200, blank=True)
    cause_event_id = models.CharField(max_length=64, blank=True)
    cause_event = models.CharField(max_length=200, blank=True)
    cause_actor = models.CharField(max_length=500, blank=True)
    cause_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering: ClassVar = ["-opened_at"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["rule", "resource"],
                condition=models.Q(resolved_at=None),
                name="one_open_violation",
            )
        ]
        indexes: ClassVar = [
            models.Index(fields=["resolved_at", "-opened_at"]),
            models.Index(fields=["account", "resolved_at"]),
        ]

    def __str__(self) -> str:
        return f"{self.resource} fails {self.rule}"

    @property
    def is_open(self) -> bool:
        return self.resolved_at is None
