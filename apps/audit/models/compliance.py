"""Rules, what they said of resources, and violations."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from django.db import models
from django.db.models import Q

from apps.audit.compliance.verdicts import Outcome
from apps.discovery.accounts import Viewer
from apps.discovery.models import Account, Resource, User


class RuleQuerySet(models.QuerySet["ComplianceRule"]):
    def visible_to(self, viewer: Viewer) -> RuleQuerySet:
        """Rules of ours are everybody's; those of an account are its own."""
        visible = viewer.visible_accounts()
        if visible is None:
            return self
        return self.filter(Q(account="") | Q(account__in=visible))


class ViolationQuerySet(models.QuerySet["Violation"]):
    def visible_to(self, viewer: Viewer) -> ViolationQuerySet:
        visible = viewer.visible_accounts()
        return self if visible is None else self.filter(account__in=visible)

    def open(self, now: datetime) -> ViolationQuerySet:
        """Not resolved, and not exempt now."""
        ended = Q(exemption=None) | Q(exemption__expires_at__lte=now)
        return self.filter(ended, resolved_at=None)

    def exempt(self, now: datetime) -> ViolationQuerySet:
        return self.filter(resolved_at=None, exemption__expires_at__gt=now)


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
    # Resources with what the rule says of each: the tests of a rule of conditions.
    examples = models.JSONField(default=list, blank=True)
    # The text of a rule of conditions, as somebody wrote it.
    source = models.TextField(blank=True)
    # Of rules that AWS Config evaluates: where.
    account = models.CharField(max_length=64, blank=True)
    region = models.CharField(max_length=40, blank=True)
    is_enabled = models.BooleanField(default=True)
    created_at = models.DateTimeField(auto_now_add=True)
    changed_at = models.DateTimeField(auto_now=True)
    # When somebody asked for every resource to be judged by it, until that is done.
    requested_at = models.DateTimeField(null=True, blank=True)
    evaluated_at = models.DateTimeField(null=True, blank=True)

    objects = RuleQuerySet.as_manager()

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
    cause_sought_at = models.DateTimeField(null=True, blank=True)
    exemption = models.ForeignKey(
        "Exemption",
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="violations",
    )

    objects = ViolationQuerySet.as_manager()

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


class ExemptionQuerySet(models.QuerySet["Exemption"]):
    def visible_to(self, viewer: Viewer) -> ExemptionQuerySet:
        visible = viewer.visible_accounts()
        return self if visible is None else self.filter(account__in=visible)

    def in_force(self, now: datetime) -> ExemptionQuerySet:
        return self.filter(ended_at=None, expires_at__gt=now)


class Exemption(models.Model):
    """Violations that are borne for a time, and why. Without a rule, an account or a
    pattern it is about all of them; never about everything."""

    rule = models.ForeignKey(
        ComplianceRule,
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="exemptions",
    )
    account = models.CharField(max_length=64, blank=True)
    # With * and ?: of a resource's id, name or ARN.
    pattern = models.CharField(max_length=300, blank=True)
    reason = models.TextField()
    made_by = models.ForeignKey(
        User, on_delete=models.SET_NULL, null=True, related_name="+"
    )
    made_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    reviewed_by = models.ForeignKey(
        User, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    reviewed_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)

    objects = ExemptionQuerySet.as_manager()

    class Meta:
        ordering: ClassVar = ["expires_at"]

    def __str__(self) -> str:
        return f"exemption until {self.expires_at:%Y-%m-%d %H:%M} UTC"


class Pack(models.Model):
    """A conformance pack that was imported: rules that belong together."""

    slug = models.SlugField(max_length=140, unique=True)
    title = models.CharField(max_length=200)
    source = models.TextField(blank=True)
    is_enabled = models.BooleanField(default=True)
    imported_at = models.DateTimeField()
    imported_by = models.ForeignKey(
        User, on_delete=models.SET_NULL, null=True, related_name="+"
    )

    class Meta:
        ordering: ClassVar = ["title"]

    def __str__(self) -> str:
        return self.title


class PackRule(models.Model):
    """A rule as a pack names it; `rule` is what evaluates it here, None where nothing
    does, and then `problem` says why."""

    pack = models.ForeignKey(Pack, on_delete=models.CASCADE, related_name="rules")
    name = models.CharField(max_length=140)
    identifier = models.CharField(max_length=140, blank=True)
    parameters = models.JSONField(default=dict, blank=True)
    rule = models.ForeignKey(
        ComplianceRule,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="in_packs",
    )
    problem = models.CharField(max_length=300, blank=True)

    class Meta:
        ordering: ClassVar = ["name"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["pack", "name"], name="one_rule_of_a_name_per_pack"
            )
        ]

    def __str__(self) -> str:
        return f"{self.name} of {self.pack}"


class ConfigScope(models.Model):
    """A region of an account whose AWS Config rules are read."""

    account = models.ForeignKey(
        Account, on_delete=models.CASCADE, related_name="config_rule_scopes"
    )
    region = models.CharField(max_length=40)
    claimed_until = models.DateTimeField(null=True, blank=True)
    ran_at = models.DateTimeField(null=True, blank=True)
    succeeded_at = models.DateTimeField(null=True, blank=True)
    problem = models.TextField(blank=True)
    problem_since = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["account", "region"], name="one_config_scope_per_region"
            )
        ]

    def __str__(self) -> str:
        return f"rules of {self.account_id} in {self.region}"


class Sweep(models.Model):
    """How far the evaluation has come. There is one row."""

    claimed_until = models.DateTimeField(null=True, blank=True)
    all_requested_at = models.DateTimeField(null=True, blank=True)
    all_done_at = models.DateTimeField(null=True, blank=True)
    # The last resource of an evaluation of all that is under way.
    all_reached = models.BigIntegerField(default=0)
    rules_digest = models.CharField(max_length=64, blank=True)

    def __str__(self) -> str:
        return f"sweep, all done at {self.all_done_at}"


class FindingQuerySet(models.QuerySet["Finding"]):
    def visible_to(self, viewer: Viewer) -> FindingQuerySet:
        visible = viewer.visible_accounts()
        return self if visible is None else self.filter(account__in=visible)


class Finding(models.Model):
    """What Security Hub, or a product that reports to it, found."""

    finding_id = models.CharField(max_length=1_024)
    account = models.CharField(max_length=64)
    region = models.CharField(max_length=40, blank=True)
    title = models.CharField(max_length=300)
    description = models.TextField(blank=True)
    control = models.CharField(max_length=300, blank=True)
    product = models.CharField(max_length=300, blank=True)
    severity = models.CharField(max_length=15, blank=True)
    status = models.CharField(max_length=30, blank=True)
    workflow = models.CharField(max_length=30, blank=True)
    record_state = models.CharField(max_length=30, blank=True)
    # Failed, active and not suppressed: what may be repaired.
    is_failed = models.BooleanField(default=False)
    resource_type = models.CharField(max_length=128, blank=True)
    resource = models.CharField(max_length=2_048, blank=True)
    url = models.CharField(max_length=2_048, blank=True)
    updated_at = models.DateTimeField()
    seen_at = models.DateTimeField()

    objects = FindingQuerySet.as_manager()

    class Meta:
        ordering: ClassVar = ["-updated_at"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["account", "finding_id"], name="one_row_per_finding"
            )
        ]
        indexes: ClassVar = [models.Index(fields=["account", "resource"])]

    def __str__(self) -> str:
        return self.title
