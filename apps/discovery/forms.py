"""Forms about accounts and people."""

import re
from typing import Any

from django import forms
from django.contrib.auth.password_validation import validate_password

from apps.discovery.accounts import problems_of_role
from apps.discovery.models import ROLE_CHOICES, Account, User

_BUCKET = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
_REGION = re.compile(r"[a-z]{2,4}(-[a-z]+)+-\d{1,2}")


def region_of(text: str) -> str:
    """The region that was typed. Raises ValidationError."""
    region = text.strip()
    if not _REGION.fullmatch(region):
        raise forms.ValidationError(f"{region!r} is not a region such as eu-west-1.")
    return region


def bucket_of(text: str) -> str:
    """The name of a bucket that was typed. Raises ValidationError."""
    bucket = text.strip()
    if not _BUCKET.fullmatch(bucket):
        raise forms.ValidationError("That is not the name of a bucket.")
    return bucket


def prefix_of(text: str) -> str:
    """A folder of a bucket, with its slash at the end; "" for all of it."""
    prefix = text.strip().lstrip("/")
    return prefix if not prefix or prefix.endswith("/") else prefix + "/"


def queue_of(text: str) -> str:
    """The URL of a queue that was typed. Raises ValidationError."""
    url = text.strip()
    if url and not url.startswith(("https://", "http://")):
        raise forms.ValidationError(
            "That is not the URL of a queue, such as "
            "https://sqs.eu-west-1.amazonaws.com/111122223333/trail."
        )
    return url


class RegionsField(forms.CharField):
    """Regions, separated by commas; cleaned into a list."""

    def prepare_value(self, value: Any) -> Any:
        return ", ".join(value) if isinstance(value, list) else value

    def clean(self, value: Any) -> list[str]:
        parts = super().clean(value).split(",")
        return list(dict.fromkeys(region_of(part) for part in parts if part.strip()))


class AccountForm(forms.ModelForm[Account]):
    regions = RegionsField(
        required=False,
        label="Further regions",
        help_text="Where metrics, alarms and logs are collected too. Separated by "
        "commas, such as us-east-1, eu-west-1.",
    )

    class Meta:
        model = Account
        fields = ("number", "name", "role_arn", "home_region", "regions")
        labels = {  # noqa: RUF012 - Django's interface
            "number": "Account number",
            "role_arn": "Role to assume",
            "home_region": "Home region",
        }
        help_texts = {  # noqa: RUF012
            "number": "12 digits",
            "role_arn": "ARN of a role in that account. Empty: the credentials of "
            "this process, for its own account.",
            "home_region": "Where its role is assumed and its queue lives, such as "
            "eu-west-1.",
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk:
            self.fields["number"].disabled = True

    def clean(self) -> dict[str, Any] | None:
        cleaned = super().clean()
        if not self.errors:
            for problem in problems_of_role(self.instance_from(cleaned or {})):
                self.add_error("role_arn", problem)
        return cleaned

    def instance_from(self, cleaned: dict[str, Any]) -> Account:
        return Account(
            number=cleaned["number"],
            role_arn=cleaned["role_arn"],
            home_region=cleaned["home_region"],
        )


class PersonForm(forms.Form):
    username = forms.SlugField(max_length=100, label="User name")
    email = forms.EmailField(required=False, label="E-mail")
    role = forms.TypedChoiceField(
        choices=[("", "no role yet"), *ROLE_CHOICES],
        coerce=int,
        empty_value=None,
        required=False,
        label="Role in all accounts",
    )

    def clean_username(self) -> str:
        name: str = self.cleaned_data["username"]
        if User.objects.filter(username__iexact=name).exists():
            raise forms.ValidationError("Somebody has this name already.")
        return name


class GrantForm(forms.Form):
    account = forms.ModelChoiceField(
        Account.objects.all(), required=False, empty_label="All accounts"
    )
    role = forms.TypedChoiceField(choices=ROLE_CHOICES, coerce=int)


class PasswordForm(forms.Form):
    password = forms.CharField(
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        label="New password",
        help_text="At least 12 characters.",
    )

    def __init__(self, user: User, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._user = user

    def clean_password(self) -> str:
        password: str = self.cleaned_data["password"]
        validate_password(password, self._user)
        return password


class TokenForm(forms.Form):
    name = forms.CharField(max_length=100, label="What is it for?")
    days = forms.TypedChoiceField(
        choices=[(30, "30 days"), (90, "90 days"), (365, "a year"), (0, "no end")],
        coerce=int,
        label="Valid for",
    )
