"""Forms about sources of logs, one for each kind."""

from __future__ import annotations

import re
from typing import Any, ClassVar

from django import forms
from django.core.exceptions import ValidationError

from apps.discovery.forms import bucket_of, prefix_of, queue_of, region_of
from apps.monitoring.models import LogSource

Kind = LogSource.Kind
_ACCOUNT = re.compile(r"\d{12}", re.ASCII)
_MOST_OWNERS = 1_000
_GROUP = re.compile(r"[-._/#A-Za-z0-9]{1,512}", re.ASCII)
_ELSEWHERE = "Another place is another source."
_LABELS = {
    "account": "Account",
    "region": "Region",
    "queue_url": "Queue URL",
    "log_group": "Log group of exported files",
}
_HELPS = {
    "account": "The account that it is in, which is read with its role.",
    "region": "Where it is, such as eu-west-1. Its log groups are those of this "
    "region.",
}


class OwnersField(forms.CharField):
    """Account numbers, separated by commas or spaces; cleaned into a list."""

    def prepare_value(self, value: Any) -> Any:
        return ", ".join(value) if isinstance(value, list) else value

    def clean(self, value: Any) -> list[str]:
        parts = re.split(r"[\s,]+", super().clean(value).strip())
        owners = list(dict.fromkeys(filter(None, parts)))
        for owner in owners:
            if not _ACCOUNT.fullmatch(owner):
                raise ValidationError(
                    f"{owner[:40]!r} is not an account number of 12 digits."
                )
        if len(owners) > _MOST_OWNERS:
            raise ValidationError(f"At most {_MOST_OWNERS:,} accounts.")
        return owners


class SourceForm(forms.ModelForm[LogSource]):
    """What the forms of all kinds have in common. `kind` is what they make, `place`
    what stays as it is once the source is there."""

    kind: ClassVar[LogSource.Kind]
    place: ClassVar[tuple[str, ...]] = ()

    owners = OwnersField(
        label="Further accounts",
        required=False,
        max_length=20_000,
        help_text="Accounts whose log groups are delivered this way too. Lines of "
        "others are put into quarantine. Its own account need not be named.",
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk:
            for name in self.place:
                self.fields[name].disabled = True
                self.fields[name].help_text = _ELSEWHERE

    def clean_region(self) -> str:
        return region_of(self.cleaned_data["region"])

    def clean(self) -> dict[str, Any] | None:
        cleaned = super().clean()
        taken = self._twin() if not self.errors else None
        if taken is not None:
            raise ValidationError(f"{taken} is that place already.")
        return cleaned

    def _twin(self) -> LogSource | None:
        """Another source of the same place: every line would come twice."""
        if not self.place:
            return None
        same = {name: self.cleaned_data[name] for name in self.place}
        found = LogSource.objects.filter(kind=self.kind, **same)
        return found.exclude(pk=self.instance.pk).first()

    def save(self, commit: bool = True) -> Any:  # noqa: FBT001, FBT002 - Django's
        """Only what was asked is written: a worker may write the rest meanwhile."""
        self.instance.kind = self.kind
        if self.instance.pk and commit:
            self.instance.save(update_fields=list(self.fields))
            return self.instance
        return super().save(commit)


class _NamedForm(SourceForm):
    """A stream or function, known by its name."""

    pattern: ClassVar[re.Pattern[str]]
    example: ClassVar[str]

    class Meta:
        model = LogSource
        fields = ("name", "account", "region", "stream", "owners")
        labels = _LABELS
        help_texts = _HELPS

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["stream"].required = True

    def clean_stream(self) -> str:
        name: str = self.cleaned_data["stream"].strip()
        if not self.pattern.fullmatch(name):
            raise ValidationError(f"That is not a name such as {self.example}.")
        return name


class KinesisForm(_NamedForm):
    kind = Kind.KINESIS
    place = ("account", "region", "stream")
    pattern = re.compile(r"[A-Za-z0-9_.-]{1,128}", re.ASCII)
    example = "all-logs"

    class Meta(_NamedForm.Meta):
        labels = _LABELS | {"stream": "Name of the Kinesis stream"}


class FirehoseForm(_NamedForm):
    kind = Kind.FIREHOSE
    pattern = re.compile(r"[A-Za-z0-9_.-]{1,64}", re.ASCII)
    example = "logs-to-trailmap"

    class Meta(_NamedForm.Meta):
        labels = _LABELS | {"stream": "Name of the Firehose stream"}
        help_texts = _HELPS | {"account": "The account that it is in."}


class LambdaForm(_NamedForm):
    kind = Kind.LAMBDA
    pattern = re.compile(r"[A-Za-z0-9_-]{1,64}", re.ASCII)
    example = "logs-to-trailmap"

    class Meta(_NamedForm.Meta):
        labels = _LABELS | {"stream": "Name of the function"}
        help_texts = _HELPS | {"account": "The account that it is in."}


class BucketForm(SourceForm):
    """Files that CloudWatch Logs exported, or that Firehose wrote."""

    kind = Kind.BUCKET
    place = ("bucket", "prefix")

    class Meta:
        model = LogSource
        fields = (
            "name", "account", "region", "bucket", "prefix", "queue_url", "log_group",
            "owners",
        )  # fmt: skip
        labels = _LABELS
        help_texts = _HELPS | {
            "account": "The account whose role reads it, and whose log group exported "
            "files are of.",
            "prefix": "What the names of its files begin with, such as exported/. "
            "Empty: every file of the bucket.",
            "queue_url": "An SQS queue that hears of new files. Without one, the "
            "bucket is listed every 15 minutes.",
            "log_group": "Exported files do not tell it. Empty where Firehose writes "
            "to the bucket: its files do.",
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["bucket"].required = True

    def clean_bucket(self) -> str:
        return bucket_of(self.cleaned_data["bucket"])

    def clean_prefix(self) -> str:
        return prefix_of(self.cleaned_data["prefix"])

    def clean_queue_url(self) -> str:
        return queue_of(self.cleaned_data["queue_url"])

    def clean_log_group(self) -> str:
        name: str = self.cleaned_data["log_group"].strip()
        if name and not _GROUP.fullmatch(name):
            raise ValidationError(
                "Names of log groups have letters, digits and . - _ / # only."
            )
        return name


FORMS: dict[str, type[SourceForm]] = {
    form.kind: form for form in (KinesisForm, FirehoseForm, LambdaForm, BucketForm)
}
