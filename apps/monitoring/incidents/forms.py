"""Forms about rules: what all have in common, and what their kind asks for."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from apps.discovery.accounts import visible_to
from apps.discovery.alerthooks import Condition, ConditionInvalid, Described, Parameter
from apps.discovery.models import User
from apps.discovery.roles import Role
from apps.monitoring.incidents import templates
from apps.monitoring.incidents.asking import conditions
from apps.monitoring.incidents.deciding import COMPARISONS, Missing
from apps.monitoring.models import AlertRule
from apps.monitoring.models.incidents import SEVERITIES

PERIODS = (
    (10, "10 seconds"),
    (60, "1 minute"),
    (300, "5 minutes"),
    (900, "15 minutes"),
    (3_600, "1 hour"),
    (21_600, "6 hours"),
    (86_400, "1 day"),
)
_MOST_PERIODS, _LONGEST_HOLD_MINUTES = 100, 7 * 24 * 60
_MOST_TEXT, _MOST_PAIRS = 4_000, 30
_JSON = Parameter("parameters", "Parameters", "As JSON.", kind="json", default="{}")


class MapField(forms.CharField):
    """Lines of NAME=VALUE; cleaned into a dictionary."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(widget=forms.Textarea(attrs={"rows": 3}), **kwargs)

    def prepare_value(self, value: Any) -> Any:
        if isinstance(value, Mapping):
            return "\n".join(f"{name}={one}" for name, one in value.items())
        return value

    def clean(self, value: Any) -> dict[str, str]:
        if isinstance(value, Mapping):
            return {str(name): str(one) for name, one in value.items()}
        pairs = dict[str, str]()
        for line in super().clean(value).splitlines():
            if not line.strip():
                continue
            name, equals, one = line.partition("=")
            if not equals or not name.strip() or not one.strip():
                raise ValidationError(f"{line[:60]!r} is not NAME=VALUE.")
            pairs[name.strip()] = one.strip()
        if len(pairs) > _MOST_PAIRS:
            raise ValidationError(f"At most {_MOST_PAIRS} lines.")
        return pairs


class JsonField(forms.CharField):
    """An object as JSON."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(widget=forms.Textarea(attrs={"rows": 5}), **kwargs)

    def prepare_value(self, value: Any) -> Any:
        return json.dumps(value, indent=2) if isinstance(value, Mapping) else value

    def clean(self, value: Any) -> dict[str, Any]:
        if isinstance(value, Mapping):
            return dict(value)
        try:
            found = json.loads(super().clean(value) or "{}")
        except ValueError as error:
            raise ValidationError(f"That is not JSON: {error}.") from error
        if not isinstance(found, dict):
            raise ValidationError("Write an object, such as {}.")
        return found


class RuleForm(forms.Form):
    """A rule of one kind, by a person, in accounts where they are operator."""

    name = forms.CharField(max_length=120)
    account = forms.ChoiceField(required=False)
    region = forms.CharField(
        max_length=40, required=False, help_text="Such as eu-west-1. Empty: every one."
    )
    period_seconds = forms.TypedChoiceField(label="Period", choices=PERIODS, coerce=int)
    comparison = forms.ChoiceField(
        label="Fires when the value",
        choices=[(name, one.words) for name, one in COMPARISONS.items()],
    )
    threshold = forms.FloatField()
    needed = forms.IntegerField(label="In so many", min_value=1, initial=1)
    periods = forms.IntegerField(
        label="of the newest periods", min_value=1, max_value=_MOST_PERIODS, initial=1
    )
    missing = forms.ChoiceField(
        label="A period without data counts",
        help_text="Unknown neither fires nor resolves; no news leaves it as it was.",
        choices=[(one.value, one.words) for one in Missing],
    )
    hold_minutes = forms.FloatField(
        label="Resolved once fine for, in minutes",
        min_value=0,
        max_value=_LONGEST_HOLD_MINUTES,
        initial=0,
        help_text="0: as soon as it is fine.",
    )
    severity = forms.ChoiceField(choices=SEVERITIES, initial="medium")
    title_template = forms.CharField(
        label="Title of incidents",
        max_length=200,
        required=False,
        help_text="{{service}}, {{resource}}, {{account}}, {{region}}, {{key}} and "
        "other labels are filled in. Empty: the rule's name and what it is about.",
    )
    key_template = forms.CharField(
        label="One incident for each",
        max_length=200,
        required=False,
        help_text="What comes to the same text is one incident, that of other rules "
        "too: {{service}} is one for each service. Empty: one for each thing watched.",
    )
    description = forms.CharField(
        label="What to do",
        max_length=4_000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="Shown with each incident, for whoever is woken by it.",
    )

    def __init__(self, kind: str, by: User, data: Any = None, **kwargs: Any) -> None:
        super().__init__(data, **kwargs)
        self.kind = kind
        self.condition: Condition = conditions()[kind]
        self._by = by
        self.parameter_names = [one.name for one in _parameters(self.condition)]
        for one in _parameters(self.condition):
            self.fields[f"p-{one.name}"] = _field(one)
        choices = [(one.number, str(one)) for one in visible_to(by)]
        every = [("", "All accounts")] if by.rights.may_everywhere(Role.VIEWER) else []
        where = forms.ChoiceField(choices=[*every, *choices], required=False)
        self.fields["account"] = where

    @property
    def watched(self) -> Iterator[forms.BoundField]:
        """The fields of the kind, and where it watches."""
        yield from (self[f"p-{name}"] for name in self.parameter_names)
        yield from (self[name] for name in ("account", "region"))

    @property
    def judged(self) -> Iterator[forms.BoundField]:
        names = (
            "period_seconds comparison threshold needed periods missing hold_minutes"
        )
        yield from (self[name] for name in names.split())

    @property
    def told(self) -> Iterator[forms.BoundField]:
        names = "severity title_template key_template description"
        yield from (self[name] for name in names.split())

    def clean_title_template(self) -> str:
        return _template(self.cleaned_data["title_template"])

    def clean_key_template(self) -> str:
        return _template(self.cleaned_data["key_template"])

    def clean_threshold(self) -> float:
        value = float(self.cleaned_data["threshold"])
        if not math.isfinite(value):
            raise ValidationError("Write a number.")
        return value

    def clean_account(self) -> str:
        account = str(self.cleaned_data["account"])
        if not self._by.rights.may(Role.OPERATOR, account):
            raise ValidationError("This needs the role operator there.")
        return account

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        needed, periods = cleaned.get("needed"), cleaned.get("periods")
        if needed and periods and needed > periods:
            self.add_error("needed", f"At most {periods}, which is all of them.")
        names = self.parameter_names
        if not any(f"p-{name}" in self.errors for name in names):
            self._check({name: cleaned.get(f"p-{name}") for name in names})
        return cleaned

    def _check(self, parameters: dict[str, Any]) -> None:
        if names_json := self.parameter_names == [_JSON.name]:
            parameters = parameters[_JSON.name]
        try:
            self.cleaned_data["parameters"] = dict(self.condition.check(parameters))
        except ConditionInvalid as error:
            name = _JSON.name if names_json else error.field
            place = f"p-{name}" if f"p-{name}" in self.fields else None
            self.add_error(place, str(error))

    @property
    def spec(self) -> dict[str, Any]:
        """The rule as it is kept; of a form that is valid."""
        kept = (
            "name", "description", "account", "region", "period_seconds", "comparison",
            "threshold", "needed", "periods", "missing", "severity", "title_template",
            "key_template", "parameters",
        )  # fmt: skip
        spec = {name: self.cleaned_data[name] for name in kept}
        hold = round(self.cleaned_data["hold_minutes"] * 60)
        return spec | {"kind": self.kind, "hold_seconds": hold}


_DEFAULTS = {
    "period_seconds": 60,
    "comparison": "gt",
    "needed": 1,
    "periods": 1,
    "missing": "missing",
    "hold_seconds": 0,
    "severity": "medium",
}


def initial_of(kind: str, spec: Mapping[str, Any]) -> dict[str, Any]:
    """What a form of a rule begins with."""
    parameters = spec.get("parameters", {})
    found = {name: value for name, value in spec.items() if name != "parameters"}
    found["hold_minutes"] = _minutes(spec.get("hold_seconds", 0))
    if isinstance(spec.get("threshold"), float):
        found["threshold"] = _whole(spec["threshold"])
    condition = conditions()[kind]
    if not isinstance(condition, Described):
        return found | {f"p-{_JSON.name}": parameters}
    return found | {f"p-{name}": value or "" for name, value in parameters.items()}


def as_form(kind: str, spec: Mapping[str, Any]) -> dict[str, Any]:
    """What a form would have been sent, of a rule as the API takes it."""
    return initial_of(kind, {**_DEFAULTS, **spec})


def spec_of_rule(rule: AlertRule) -> dict[str, Any]:
    return initial_of(rule.kind, {name: getattr(rule, name) for name in _SPEC})


_SPEC = (
    "name", "description", "parameters", "account", "region", "period_seconds",
    "comparison", "threshold", "needed", "periods", "missing", "hold_seconds",
    "severity", "title_template", "key_template",
)  # fmt: skip


def _minutes(seconds: Any) -> Any:
    """What is no number stays what it is, for the form to refuse."""
    is_number = isinstance(seconds, int | float) and not isinstance(seconds, bool)
    return _whole(seconds / 60) if is_number else seconds


def _whole(value: float) -> float | int:
    return int(value) if value.is_integer() else value


def _parameters(condition: Condition) -> tuple[Parameter, ...]:
    return condition.form if isinstance(condition, Described) else (_JSON,)


def _field(one: Parameter) -> forms.Field:
    shared: dict[str, Any] = {
        "label": one.label,
        "help_text": one.help,
        "required": one.is_required,
        "initial": one.default,
    }
    if one.choices:
        return forms.ChoiceField(choices=one.choices, **shared)
    if one.kind == "map":
        return MapField(max_length=_MOST_TEXT, **shared)
    if one.kind == "json":
        return JsonField(max_length=_MOST_TEXT, **shared)
    if one.kind == "number":
        return forms.FloatField(**shared)
    if one.kind == "long":
        area = forms.Textarea(attrs={"rows": 2, "spellcheck": "false"})
        return forms.CharField(max_length=_MOST_TEXT, widget=area, **shared)
    return forms.CharField(max_length=255, **shared)


def _template(text: str) -> str:
    try:
        templates.check(text)
    except templates.TemplateError as error:
        raise ValidationError(str(error)) from error
    return text
