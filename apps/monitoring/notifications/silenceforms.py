"""The form of a silence."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import available_timezones

from django import forms

from apps.discovery.accounts import visible_to
from apps.discovery.models import User
from apps.discovery.roles import Role
from apps.monitoring.models.silences import Silence
from apps.monitoring.notifications import matching
from apps.monitoring.notifications.forms import MATCHERS_HELP, MatchersField
from apps.monitoring.notifications.windows import DAY_MINUTES, DAYS

LONGEST = timedelta(days=366)
_LASTS = [
    (60, "1 hour"), (120, "2 hours"), (240, "4 hours"), (480, "8 hours"),
    (1_440, "1 day"), (4_320, "3 days"), (10_080, "1 week"), (43_200, "30 days"),
]  # fmt: skip
_WINDOW = ("days", "window_from", "window_minutes", "zone")
_FORMATS = ["%Y-%m-%dT%H:%M:%SZ", "%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M", "%Y-%m-%d"]


def may_silence(person: User, account: str) -> bool:
    """Whether a person may keep quiet about an account; "" is all of them."""
    if not account:
        return person.rights.may_everywhere(Role.OPERATOR)
    return person.rights.may(Role.OPERATOR, account)


class SilenceForm(forms.Form):
    account = forms.ChoiceField(label="Account", required=False)
    conditions = MatchersField(
        label="Conditions",
        required=False,
        help_text=f"{MATCHERS_HELP} None: all of the account.",
    )
    reason = forms.CharField(
        max_length=500, help_text="For those who wonder why it is quiet."
    )
    starts_at = forms.DateTimeField(
        label="From, UTC",
        required=False,
        input_formats=_FORMATS,
        help_text="Such as 2026-07-01 22:00. Empty: now.",
    )
    lasts = forms.TypedChoiceField(
        label="Lasts",
        choices=_LASTS,
        coerce=int,
        initial=120,
        required=False,
        empty_value=None,
    )
    ends_at = forms.DateTimeField(
        label="Or until, UTC",
        required=False,
        input_formats=_FORMATS,
        help_text="Instead of how long it lasts; a year at most.",
    )
    days = forms.TypedMultipleChoiceField(
        label="Only in a window of these days",
        choices=list(enumerate(DAYS)),
        coerce=int,
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    window_from = forms.TimeField(
        label="Window begins", required=False, help_text="Such as 22:00."
    )
    window_minutes = forms.IntegerField(
        label="Window lasts, minutes",
        required=False,
        min_value=1,
        max_value=DAY_MINUTES,
    )
    zone = forms.CharField(
        label="Time zone of the window",
        required=False,
        initial="UTC",
        max_length=60,
        help_text="Such as Europe/Berlin.",
    )

    def __init__(self, person: User, now: datetime, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.person, self.now = person, now
        mine = [
            (one.number, str(one))
            for one in visible_to(person)
            if may_silence(person, one.number)
        ]
        everywhere = [("", "all accounts")] if may_silence(person, "") else []
        self.fields["account"].choices = [*everywhere, *mine]  # type: ignore[attr-defined]
        if not everywhere:
            self.fields["account"].required = True

    @property
    def window_fields(self) -> list[forms.BoundField]:
        return [self[name] for name in _WINDOW]

    @property
    def other_fields(self) -> list[forms.BoundField]:
        return [self[name] for name in self.fields if name not in _WINDOW]

    @property
    def has_window(self) -> bool:
        """Whether something is filled in, or wrong, about a window."""
        return any(self[name].errors or self[name].value() for name in _WINDOW[:-1])

    def clean_zone(self) -> str:
        zone = self.cleaned_data["zone"].strip() or "UTC"
        if zone not in available_timezones():
            raise forms.ValidationError("There is no time zone of this name.")
        return str(zone)

    def clean(self) -> dict[str, Any] | None:
        cleaned = super().clean() or {}
        if self.errors:
            return cleaned
        begins = _utc(cleaned["starts_at"]) or self.now
        lasts = timedelta(minutes=cleaned["lasts"] or 0)
        ends = _utc(cleaned["ends_at"]) or begins + lasts
        if ends <= max(begins, self.now):
            self.add_error("ends_at", "A silence ends, and later than now.")
        elif ends - begins > LONGEST:
            self.add_error("ends_at", "A silence lasts a year at most.")
        window = (cleaned["days"], cleaned["window_from"], cleaned["window_minutes"])
        if any(one not in (None, []) for one in window) and any(
            one in (None, []) for one in window
        ):
            self.add_error("days", "A window has days, a beginning and a length.")
        cleaned["starts_at"], cleaned["ends_at"] = begins, ends
        return cleaned

    def made(self) -> Silence:
        """The silence that is asked for; not saved."""
        cleaned = self.cleaned_data
        return Silence(
            account=cleaned["account"],
            matchers=matching.as_json(cleaned["conditions"]),
            reason=cleaned["reason"],
            made_by=self.person,
            made_at=self.now,
            starts_at=cleaned["starts_at"],
            ends_at=cleaned["ends_at"],
            weekly=self._weekly(),
        )

    def _weekly(self) -> dict[str, Any] | None:
        cleaned = self.cleaned_data
        if not cleaned["days"]:
            return None
        begins = cleaned["window_from"]
        return {
            "days": sorted(cleaned["days"]),
            "start": begins.hour * 60 + begins.minute,
            "minutes": cleaned["window_minutes"],
            "zone": cleaned["zone"],
        }


def _utc(value: datetime | None) -> datetime | None:
    return value.astimezone(UTC) if value else None
