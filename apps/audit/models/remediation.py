"""Repairs: plans, approvals, runs, and what holds them back."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models

from apps.audit.models.compliance import ComplianceRule, Violation
from apps.discovery.inventory.items import ResourceKey


class Plan(models.Model):
    """What would be done to one resource. `document` never changes once it is there,
    and `plan_hash` is its SHA-256: whoever approves, approves that."""

    class State(models.TextChoices):
        REQUESTED = "requested", "Being planned"
        READY = "ready", "Waits for approval"
        APPROVED = "approved", "Approved"
        REFUSED = "refused", "Not possible"
        WITHDRAWN = "withdrawn", "Withdrawn"
        EXPIRED = "expired", "Expired"

    class Origin(models.TextChoices):
        PERSON = "person", "A person"
        AUTOMATIC = "automatic", "An automatic rule"
        ROLLBACK = "rollback", "Roll back of a run"

    account = models.CharField(max_length=64)
    region = models.CharField(max_length=40)
    resource_type = models.CharField(max_length=128)
    resource_id = models.CharField(max_length=1_024)
    arn = models.CharField(max_length=2_048, blank=True)
    name = models.CharField(max_length=1_024, blank=True)
    action = models.CharField(max_length=80)
    parameters = models.JSONField(default=dict, blank=True)
    rule = models.ForeignKey(
        ComplianceRule, on_delete=models.SET_NULL, null=True, blank=True
    )
    violation = models.ForeignKey(
        Violation,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="plans",
    )
    # Of automatic plans of one violation: another only where the one before it ended
    # without any effect.
    attempt = models.PositiveSmallIntegerField(default=1)
    origin = models.CharField(max_length=10, choices=Origin.choices)
    # What it was that asked, such as an event of a queue.
    asked_by = models.CharField(max_length=200, blank=True)
    requested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
    )
    optin = models.ForeignKey(
        "Optin", on_delete=models.SET_NULL, null=True, blank=True, related_name="plans"
    )
    rolls_back = models.ForeignKey(
        "Run",
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="rollbacks",
    )
    hold_seconds = models.PositiveIntegerField(null=True, blank=True)
    reason = models.CharField(max_length=500, blank=True)
    state = models.CharField(
        max_length=10, choices=State.choices, default=State.REQUESTED
    )
    document = models.JSONField(default=dict, blank=True)
    plan_hash = models.CharField(max_length=64, blank=True)
    # Callers, owners and traffic: for people, and no part of what is approved.
    radius = models.JSONField(default=dict, blank=True)
    problem = models.TextField(blank=True)
    created_at = models.DateTimeField()
    planned_at = models.DateTimeField(null=True, blank=True)
    expires_at = models.DateTimeField(null=True, blank=True)
    claimed_until = models.DateTimeField(null=True, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)

    class Meta:
        ordering: ClassVar = ["-created_at", "-pk"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["violation", "attempt"],
                condition=models.Q(origin="automatic"),
                name="one_automatic_plan_per_attempt",
            )
        ]
        indexes: ClassVar = [
            models.Index(fields=["state", "created_at"]),
            models.Index(fields=["account", "-created_at"]),
        ]

    def __str__(self) -> str:
        return f"{self.action} for {self.name or self.resource_id}"

    @property
    def key(self) -> ResourceKey:
        return ResourceKey(
            self.account, self.region, self.resource_type, self.resource_id
        )

    @property
    def subject(self) -> str:
        return f"plan:{self.pk}"


class Approval(models.Model):
    """Somebody's word for one plan hash. `method`: how fresh their sign-in was."""

    plan = models.OneToOneField(Plan, on_delete=models.CASCADE, related_name="approval")
    plan_hash = models.CharField(max_length=64)
    approver = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
    )
    approved_by = models.CharField(max_length=200)
    method = models.CharField(max_length=20)
    at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.approved_by} approved {self.plan}"


class Run(models.Model):
    """A plan being carried out. `version` rises with every change of state: a change
    counts only where nobody else made one first."""

    class State(models.TextChoices):
        APPROVED = "approved", "Waits for its turn"
        EXECUTING = "executing", "Being carried out"
        UNKNOWN = "unknown", "Outcome of a call unknown"
        FOLLOWING = "following", "Carried out elsewhere"
        VERIFYING = "verifying", "Being verified"
        HOLDING = "holding", "Verified, callers watched"
        ROLLING_BACK = "rolling_back", "Being rolled back"
        SUCCEEDED = "succeeded", "Repaired and verified"
        ABORTED = "aborted", "Ended before any change"
        FAILED = "failed", "Failed"
        ROLLED_BACK = "rolled_back", "Rolled back"
        STUCK = "stuck", "Stopped for a person"

    OVER = (
        State.SUCCEEDED,
        State.ABORTED,
        State.FAILED,
        State.ROLLED_BACK,
        State.STUCK,
    )

    plan = models.OneToOneField(Plan, on_delete=models.CASCADE, related_name="run")
    state = models.CharField(
        max_length=12, choices=State.choices, default=State.APPROVED
    )
    version = models.PositiveIntegerField(default=0)
    # Copied from the plan, for limits and breakers.
    account = models.CharField(max_length=64)
    action = models.CharField(max_length=80)
    rule = models.ForeignKey(
        ComplianceRule, on_delete=models.SET_NULL, null=True, blank=True
    )
    resource_key = models.CharField(max_length=1_300)
    problem = models.TextField(blank=True)
    # How it was verified: outcome, reason, at; and how the callers did since.
    verification = models.JSONField(default=dict, blank=True)
    health = models.JSONField(default=dict, blank=True)
    # Of what another service of AWS carries out.
    reference = models.CharField(max_length=500, blank=True)
    progress = models.JSONField(default=dict, blank=True)
    fence = models.PositiveBigIntegerField(default=0)
    created_at = models.DateTimeField()
    started_at = models.DateTimeField(null=True, blank=True)
    # When the first call was made, None where none was.
    acted_at = models.DateTimeField(null=True, blank=True)
    applied_at = models.DateTimeField(null=True, blank=True)
    hold_until = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)
    next_at = models.DateTimeField()
    claimed_until = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering: ClassVar = ["-created_at", "-pk"]
        indexes: ClassVar = [
            models.Index(fields=["finished_at", "next_at"]),
            models.Index(fields=["action", "acted_at"]),
            models.Index(fields=["rule", "resource_key", "acted_at"]),
        ]

    def __str__(self) -> str:
        return f"Run {self.pk}: {self.plan}"

    @property
    def is_over(self) -> bool:
        return self.state in Run.OVER

    @property
    def label(self) -> str:
        """The state in words; repaired is what a rule passes, and nothing else."""
        if self.state == Run.State.SUCCEEDED:
            if self.plan.origin == Plan.Origin.ROLLBACK:
                return "Rolled back and verified"
            if self.rule_id is None:
                return "Done as planned"
        return str(Run.State(self.state).label)

    @property
    def subject(self) -> str:
        return f"run:{self.pk}"


class RunStep(models.Model):
    """One mutating call of a run, to be made once at most."""

    class State(models.TextChoices):
        PENDING = "pending", "Not begun"
        INTENT = "intent", "Being called"
        DONE = "done", "Done"
        REFUSED = "refused", "Refused by AWS"
        UNKNOWN = "unknown", "Outcome unknown"
        NO_EFFECT = "no_effect", "Had no effect"

    class Phase(models.TextChoices):
        APPLY = "apply", "Repair"
        UNDO = "undo", "Roll back"

    run = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="steps")
    phase = models.CharField(max_length=5, choices=Phase.choices)
    number = models.PositiveSmallIntegerField()
    title = models.CharField(max_length=300)
    service = models.CharField(max_length=60)
    operation = models.CharField(max_length=100)
    parameters = models.JSONField(default=dict)
    token = models.CharField(max_length=60, blank=True)
    state = models.CharField(
        max_length=10, choices=State.choices, default=State.PENDING
    )
    intent_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)
    request_id = models.CharField(max_length=120, blank=True)
    problem = models.TextField(blank=True)

    class Meta:
        ordering: ClassVar = ["run", "phase", "number"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["run", "phase", "number"], name="one_row_per_step"
            )
        ]

    def __str__(self) -> str:
        return f"{self.run_id}.{self.number} {self.title}"


class Lock(models.Model):
    """Who may write to a resource. `fence` rises with every holder: a write counts only
    with the newest."""

    resource_key = models.CharField(max_length=1_300, unique=True)
    run = models.ForeignKey(Run, on_delete=models.SET_NULL, null=True, blank=True)
    fence = models.PositiveBigIntegerField(default=0)
    until = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return self.resource_key


class Optin(models.Model):
    """An admin's word that violations of a rule in an account are repaired without
    anybody being asked, so many an hour."""

    rule = models.ForeignKey(
        ComplianceRule, on_delete=models.CASCADE, related_name="optins"
    )
    account = models.CharField(max_length=64)
    action = models.CharField(max_length=80)
    parameters = models.JSONField(default=dict, blank=True)
    per_hour = models.PositiveIntegerField(default=10)
    most_touched = models.PositiveIntegerField(default=1)
    hold_seconds = models.PositiveIntegerField(null=True, blank=True)
    is_enabled = models.BooleanField(default=True)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
    )
    created_at = models.DateTimeField()

    class Meta:
        ordering: ClassVar = ["account", "rule__slug"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["rule", "account"], name="one_optin_per_rule_and_account"
            )
        ]

    def __str__(self) -> str:
        return f"{self.rule} in {self.account}"


class ActionLimit(models.Model):
    """How often an action may be run, by anybody, and how many resources one run may
    touch. Where there is no row, the defaults hold."""

    action = models.CharField(max_length=80, primary_key=True)
    per_hour = models.PositiveIntegerField(default=20)
    most_touched = models.PositiveIntegerField(default=5)

    def __str__(self) -> str:
        return f"{self.action}: {self.per_hour} an hour"


class KillSwitch(models.Model):
    """Whether anything may be repaired; one row. Nothing may where there is none."""

    is_allowed = models.BooleanField(default=False)
    reason = models.CharField(max_length=300, blank=True)
    changed_by = models.CharField(max_length=200, blank=True)
    changed_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return "Repairs are allowed" if self.is_allowed else "Repairs are stopped"


class Breaker(models.Model):
    """What stops an action, or a rule on a resource, until a person looked."""

    key = models.CharField(max_length=1_500, unique=True)
    says = models.TextField()
    account = models.CharField(max_length=64, blank=True)
    is_open = models.BooleanField(default=True)
    opened_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True, blank=True)
    closed_by = models.CharField(max_length=200, blank=True)
    revision = models.PositiveIntegerField(default=1)

    class Meta:
        ordering: ClassVar = ["-opened_at"]

    def __str__(self) -> str:
        return self.key
