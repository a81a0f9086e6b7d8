"""Forms of channels, routes and escalations."""

from __future__ import annotations

from typing import Any

from django import forms

from apps.discovery.models import Account, User
from apps.monitoring.models.notifications import (
    Channel,
    EscalationPolicy,
    EscalationStep,
    Route,
)
from apps.monitoring.notifications import matching
from apps.monitoring.notifications.channels import base
from apps.monitoring.notifications.sealing import Secret, Unreadable, unseal

_MOST_OPTION = 2_000
MOST_STEPS = 6
_MOST_MINUTES = 10_080
_KEPT = "Empty: as it is. It is not shown."


class ChannelForm(forms.ModelForm[Channel]):
    """A channel of one kind. Secrets are written, and never come back."""

    class Meta:
        model = Channel
        fields = ("name", "per_minute")
        labels = {"per_minute": "Most notices a minute"}  # noqa: RUF012
        help_texts = {  # noqa: RUF012
            "per_minute": "More become one digest. 0: none do, however many there are."
        }

    def __init__(
        self, kind: type[base.Channel], data: Any = None, instance: Any = None
    ) -> None:
        self.kind = kind
        self.is_new = instance is None
        initial = {"per_minute": kind.per_minute} if self.is_new else {}
        super().__init__(data, instance=instance, initial=initial)
        for option in kind.options:
            self.fields[option.name] = self._field(option)
        self.order_fields(["name", *(one.name for one in kind.options), "per_minute"])

    def _field(self, option: base.Option) -> forms.Field:
        keeps = option.is_secret and not self.is_new
        common: dict[str, Any] = {
            "label": option.label,
            "required": option.is_required and not keeps,
            "help_text": " ".join(filter(None, (option.help, _KEPT if keeps else ""))),
            "initial": self.instance.options.get(option.name, option.default),
        }
        if option.shape == "account":
            choices = [(one.number, str(one)) for one in Account.objects.all()]
            return forms.ChoiceField(choices=choices, **common)
        if option.choices:
            return forms.ChoiceField(choices=option.choices, **common)
        return forms.CharField(
            max_length=_MOST_OPTION, widget=_widget(option), **common
        )

    def clean(self) -> dict[str, Any] | None:
        cleaned = super().clean() or {}
        if not self.errors:
            self._check(cleaned)
        return cleaned

    def _check(self, cleaned: dict[str, Any]) -> None:
        options, secrets = self._split(cleaned)
        try:
            self.kind(base.Configuration(options, secrets)).check()
        except base.OptionInvalid as invalid:
            self.add_error(invalid.name, str(invalid))
            return
        self.instance.kind = self.kind.kind
        self.instance.options = options
        self.instance.keep_secrets(secrets)

    def _split(self, cleaned: dict[str, Any]) -> tuple[dict[str, str], dict[str, Any]]:
        options = {
            one.name: cleaned[one.name].strip()
            for one in self.kind.options
            if not one.is_secret
        }
        secrets = {
            one.name: Secret(cleaned[one.name].strip())
            for one in self.kind.options
            if one.is_secret and cleaned[one.name].strip()
        }
        return options, self._kept() | secrets

    def _kept(self) -> dict[str, Secret]:
        try:
            return unseal(self.instance.secrets)
        except Unreadable:
            return {}

    def save(self, commit: bool = True) -> Channel:  # noqa: FBT001, FBT002 - Django's
        """Only what was asked is written: a worker may write the rest meanwhile."""
        if self.is_new:
            return super().save(commit)
        changed = ["name", "per_minute", "options", "secrets"]
        self.instance.save(update_fields=changed)
        return self.instance


def _widget(option: base.Option) -> forms.Widget:
    unseen = {"autocomplete": "off", "spellcheck": "false"}
    if option.is_secret:
        return forms.PasswordInput(attrs={**unseen, "autocomplete": "new-password"})
    if option.shape == "long":
        return forms.Textarea(attrs={"rows": "3", **unseen})
    return forms.TextInput(attrs=unseen)


class MatchersField(forms.CharField):
    """Conditions as text; cleaned into matchers."""

    def __init__(self, **options: Any) -> None:
        widget = forms.Textarea(attrs={"rows": "3", "spellcheck": "false"})
        super().__init__(
            widget=widget, max_length=matching.MOST_TEXT, strip=True, **options
        )

    def clean(self, value: Any) -> tuple[matching.Matcher, ...]:
        try:
            return matching.parse(super().clean(value))
        except matching.MatcherInvalid as error:
            raise forms.ValidationError(str(error)) from error


MATCHERS_HELP = (
    'Such as severity=~"critical|high", service="checkout": by commas or lines, all of '
    "them must hold. =, !=, and =~, !~ for expressions. Labels are rule, severity, "
    "account, region, and where known service and resource."
)


class RouteForm(forms.ModelForm[Route]):
    conditions = MatchersField(
        label="Conditions",
        required=False,
        help_text=f"{MATCHERS_HELP} None: everything.",
    )

    class Meta:
        model = Route
        fields = ("name", "position", "channels", "escalation", "goes_on", "is_enabled")
        labels = {  # noqa: RUF012
            "position": "Place",
            "goes_on": "Also ask the routes after it",
            "is_enabled": "In use",
        }
        help_texts = {"position": "Routes are asked from the lowest to the highest."}  # noqa: RUF012
        widgets = {"channels": forms.CheckboxSelectMultiple}  # noqa: RUF012

    field_order = ("name", "position", "conditions", "channels", "escalation")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["channels"].queryset = Channel.objects.filter(person=None)  # type: ignore[attr-defined]
        if self.instance.pk:
            self.initial["conditions"] = self.instance.conditions_text

    def clean(self) -> dict[str, Any] | None:
        cleaned = super().clean() or {}
        if "conditions" in cleaned:
            self.instance.matchers = matching.as_json(cleaned["conditions"])
        return cleaned


class PolicyForm(forms.Form):
    """A policy and its steps, each a time and whom to tell: `channel:3`, `person:7`."""

    name = forms.CharField(max_length=100)

    def __init__(
        self, data: Any = None, instance: EscalationPolicy | None = None
    ) -> None:
        self.instance = instance
        initial: dict[str, Any] = {"name": instance.name} if instance else {}
        steps = list(instance.steps.all()) if instance else []
        for at, step in enumerate(steps, start=1):
            initial[f"after_{at}"] = step.after_minutes
            initial[f"tell_{at}"] = _whom(step)
        super().__init__(data, initial=initial)
        choices = targets()
        for at in range(1, MOST_STEPS + 1):
            self.fields[f"after_{at}"] = forms.IntegerField(
                label=f"{at}. After minutes",
                min_value=1,
                max_value=_MOST_MINUTES,
                required=at == 1,
            )
            self.fields[f"tell_{at}"] = forms.ChoiceField(
                label="Tell", choices=[("", "nobody"), *choices], required=at == 1
            )

    @property
    def first_fields(self) -> list[forms.BoundField]:
        return [self["name"]]

    @property
    def step_fields(self) -> list[list[forms.BoundField]]:
        """The fields of each step, side by side."""
        steps = range(1, MOST_STEPS + 1)
        return [[self[f"after_{at}"], self[f"tell_{at}"]] for at in steps]

    def clean_name(self) -> str:
        name: str = self.cleaned_data["name"]
        others = EscalationPolicy.objects.filter(name=name)
        if self.instance is not None:
            others = others.exclude(pk=self.instance.pk)
        if others.exists():
            raise forms.ValidationError("There is one of this name already.")
        return name

    def clean(self) -> dict[str, Any] | None:
        cleaned = super().clean() or {}
        for at in range(2, MOST_STEPS + 1):
            after, tell = cleaned.get(f"after_{at}"), cleaned.get(f"tell_{at}")
            if bool(after) != bool(tell) and not self.errors:
                self.add_error(f"after_{at}", "A step needs a time and whom to tell.")
        return cleaned

    def save(self) -> EscalationPolicy:
        """Steps that stay as they are keep what is due of them."""
        policy = self.instance or EscalationPolicy()
        policy.name = self.cleaned_data["name"]
        policy.save()
        wanted = {
            (self.cleaned_data[f"after_{at}"], self.cleaned_data[f"tell_{at}"])
            for at in range(1, MOST_STEPS + 1)
            if self.cleaned_data[f"tell_{at}"]
        }
        for step in policy.steps.all():
            place = (step.after_minutes, _whom(step))
            if place in wanted:
                wanted.remove(place)
            else:
                step.delete()
        for after, tell in sorted(wanted):
            what, _, pk = tell.partition(":")
            EscalationStep.objects.create(
                policy=policy, after_minutes=after, **{f"{what}_id": int(pk)}
            )
        return policy


def targets() -> list[tuple[str, str]]:
    """Whom a step can tell."""
    channels = Channel.objects.filter(person=None)
    people = User.objects.filter(is_active=True).order_by("username")
    return [
        *((f"channel:{one.pk}", f"{one.name} (channel)") for one in channels),
        *((f"person:{one.pk}", _person(one)) for one in people),
    ]


def _person(one: User) -> str:
    return f"{one.username} ({one.email or 'has no e-mail yet'})"


def _whom(step: EscalationStep) -> str:
    if step.channel_id is not None:
        return f"channel:{step.channel_id}"
    return f"person:{step.person_id}"
