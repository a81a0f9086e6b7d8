"""Where notices go, what was sent, and what came of it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, ClassVar
from uuid import uuid4

from django.conf import settings
from django.db import models
from django.db.models import Q

from apps.monitoring.notifications import matching, sealing
from apps.monitoring.notifications.jsonnotices import of_json
from apps.monitoring.notifications.notices import Notice, Severity, State

STATES = [(one.value, one.value.capitalize()) for one in State]


class Channel(models.Model):
    """A way to people or programs. `secrets` is encrypted and only written: neither
    pages nor the API show any of it. A channel of a `person` is their e-mail."""

    name = models.CharField(max_length=100, unique=True)
    kind = models.CharField(max_length=20)
    options = models.JSONField(default=dict)
    secrets = models.TextField(blank=True)
    person = models.OneToOneField(
        settings.AUTH_USER_MODEL,
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="channel",
    )
    # More notices a minute than this become one digest; 0 means that none do.
    per_minute = models.PositiveIntegerField(default=20)
    is_enabled = models.BooleanField(default=True)
    made_at = models.DateTimeField(auto_now_add=True)
    claimed_until = models.DateTimeField(null=True, blank=True)
    problem = models.TextField(blank=True)
    problem_since = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering: ClassVar = ["name"]

    def __str__(self) -> str:
        return self.name

    def keep_secrets(self, secrets: Mapping[str, str]) -> None:
        self.secrets = sealing.seal(secrets) if secrets else ""


class EscalationPolicy(models.Model):
    """Who is told after how long, while nobody acknowledges."""

    name = models.CharField(max_length=100, unique=True)

    class Meta:
        ordering: ClassVar = ["name"]

    def __str__(self) -> str:
        return self.name


class EscalationStep(models.Model):
    """A channel, or a person by e-mail, told `after_minutes` since the beginning."""

    policy = models.ForeignKey(
        EscalationPolicy, on_delete=models.CASCADE, related_name="steps"
    )
    after_minutes = models.PositiveIntegerField()
    channel = models.ForeignKey(
        Channel, on_delete=models.CASCADE, null=True, blank=True, related_name="+"
    )
    person = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="+",
    )

    class Meta:
        ordering: ClassVar = ["after_minutes", "id"]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(channel=None) ^ Q(person=None),
                name="a_step_tells_a_channel_or_a_person",
            )
        ]

    def __str__(self) -> str:
        return f"{self.person or self.channel} after {self.after_minutes} min"


class Route(models.Model):
    """Which notices go to which channels. Routes are asked in order; the first whose
    conditions hold takes the notice, unless it `goes_on`."""

    name = models.CharField(max_length=100, unique=True)
    position = models.PositiveIntegerField(default=100)
    matchers = models.JSONField(default=list, blank=True)
    channels = models.ManyToManyField(Channel, related_name="routes", blank=True)
    escalation = models.ForeignKey(
        EscalationPolicy,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="routes",
    )
    goes_on = models.BooleanField(default=False)
    is_enabled = models.BooleanField(default=True)

    class Meta:
        ordering: ClassVar = ["position", "id"]

    def __str__(self) -> str:
        return self.name

    @property
    def conditions(self) -> tuple[matching.Matcher, ...]:
        return matching.of_json(self.matchers)

    @property
    def conditions_text(self) -> str:
        return matching.as_text(self.conditions)

    def takes(self, labels: Mapping[str, str]) -> bool:
        return matching.all_match(self.conditions, labels)


class Matter(models.Model):
    """What notices of one key tell of, as the newest of them said."""

    key = models.CharField(max_length=300, unique=True)
    state = models.CharField(max_length=20, choices=STATES)
    revision = models.PositiveIntegerField()
    account = models.CharField(max_length=64, blank=True)
    notice = models.JSONField(default=dict)
    since = models.DateTimeField()
    changed_at = models.DateTimeField()

    class Meta:
        ordering: ClassVar = ["-changed_at", "-id"]
        indexes: ClassVar = [models.Index(fields=["state", "account"])]

    def __str__(self) -> str:
        return self.key

    @property
    def told(self) -> Notice:
        return of_json(self.notice)


class EscalationTurn(models.Model):
    """A step that is due for a matter at a time, unless somebody acknowledges."""

    class State(models.TextChoices):
        WAITING = "waiting", "Waiting"
        DONE = "done", "Told"
        STOPPED = "stopped", "Not needed"

    matter = models.ForeignKey(Matter, on_delete=models.CASCADE, related_name="turns")
    step = models.ForeignKey(EscalationStep, on_delete=models.CASCADE)
    revision = models.PositiveIntegerField()
    due_at = models.DateTimeField()
    state = models.CharField(
        max_length=10, choices=State.choices, default=State.WAITING
    )
    done_at = models.DateTimeField(null=True, blank=True)
    problem = models.TextField(blank=True)

    class Meta:
        ordering: ClassVar = ["due_at", "id"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["matter", "step", "revision"], name="one_turn_per_step"
            )
        ]
        indexes: ClassVar = [models.Index(fields=["state", "due_at"])]

    def __str__(self) -> str:
        return f"{self.matter}: {self.step}"


class DeliveryQuerySet(models.QuerySet["Delivery"]):
    def waiting(self) -> DeliveryQuerySet:
        return self.filter(status=Delivery.Status.WAITING)

    def of_state(self, *states: State) -> DeliveryQuerySet:
        return self.filter(state__in=states)


class Delivery(models.Model):
    """A notice on its way to a channel. `uid` is what receivers know it by, however
    often it is sent. `reference` is what the channel calls the matter."""

    class Status(models.TextChoices):
        WAITING = "waiting", "Waiting"
        SENT = "sent", "Sent"
        DIGESTED = "digested", "In a digest"
        SILENCED = "silenced", "Silenced"
        DROPPED = "dropped", "Not needed"
        DEAD = "dead", "Given up"

    uid = models.UUIDField(default=uuid4, unique=True, editable=False)
    channel = models.ForeignKey(
        Channel, on_delete=models.CASCADE, related_name="deliveries"
    )
    key = models.CharField(max_length=300)
    state = models.CharField(max_length=20, choices=STATES)
    revision = models.PositiveIntegerField()
    account = models.CharField(max_length=64, blank=True)
    title = models.CharField(max_length=300)
    notice = models.JSONField()
    status = models.CharField(
        max_length=10, choices=Status.choices, default=Status.WAITING
    )
    made_at = models.DateTimeField()
    next_at = models.DateTimeField(null=True, blank=True)
    attempts_made = models.PositiveIntegerField(default=0)
    sent_at = models.DateTimeField(null=True, blank=True)
    receipt = models.CharField(max_length=300, blank=True)
    reference = models.CharField(max_length=300, blank=True)
    problem = models.TextField(blank=True)
    silence = models.ForeignKey(
        "monitoring.Silence",
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="deliveries",
    )
    digest = models.ForeignKey(
        "self", on_delete=models.CASCADE, null=True, blank=True, related_name="members"
    )

    objects = DeliveryQuerySet.as_manager()

    class Meta:
        ordering: ClassVar = ["-id"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["channel", "key", "state", "revision"],
                name="told_once_to_a_channel",
            )
        ]
        indexes: ClassVar = [
            models.Index(fields=["status", "channel", "next_at"]),
            models.Index(fields=["channel", "sent_at"]),
            models.Index(fields=["key", "channel"]),
        ]

    def __str__(self) -> str:
        return f"{self.key} {self.state} to {self.channel_id}"

    @property
    def told(self) -> Notice:
        return of_json(self.notice)

    @property
    def severity(self) -> Severity:
        return self.told.severity

    @property
    def is_over(self) -> bool:
        return self.status != self.Status.WAITING


class Attempt(models.Model):
    """One try to hand a delivery over, and what was answered."""

    class Outcome(models.TextChoices):
        SENT = "sent", "Taken"
        RETRY = "retry", "Failed, tried again"
        REFUSED = "refused", "Refused"

    delivery = models.ForeignKey(
        Delivery, on_delete=models.CASCADE, related_name="attempts"
    )
    at = models.DateTimeField()
    duration_ms = models.PositiveIntegerField()
    outcome = models.CharField(max_length=10, choices=Outcome.choices)
    detail = models.CharField(max_length=500, blank=True)

    class Meta:
        ordering: ClassVar = ["-at", "-id"]

    def __str__(self) -> str:
        return f"{self.delivery_id} at {self.at}: {self.outcome}"


def delivery_of(
    channel: Channel, notice: Notice, kept: dict[str, Any], made_at: datetime
) -> Delivery:
    """A row that is not saved yet; `kept` is the notice as JSON."""
    return Delivery(
        channel=channel,
        key=notice.key,
        state=notice.state.value,
        revision=notice.revision,
        account=notice.labels.get("account", "")[:64],
        title=notice.title[:300],
        notice=kept,
        made_at=made_at,
    )
