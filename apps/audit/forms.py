"""Forms about trail sources."""

from typing import Any

from django import forms

from apps.audit.models import TrailSource
from apps.discovery.forms import (
    RegionsField,
    bucket_of,
    prefix_of,
    queue_of,
    region_of,
)

_TEXT = {
    "labels": {
        "account": "Account whose credentials read it",
        "region": "Region",
        "queue_url": "Queue URL",
        "first_day": "First day",
    },
    "helps": {
        "region": "Where the bucket and its queue are.",
        "prefix": "What comes before AWSLogs/, with its slash. Usually empty.",
        "queue_url": "An SQS queue that hears of new log files. Without one, the "
        "bucket is listed every 15 minutes.",
        "first_day": "Days before this one are not read. Empty: the last 7 days.",
    },
}


class BucketForm(forms.ModelForm[TrailSource]):
    """A bucket that CloudTrail delivers to."""

    class Meta:
        model = TrailSource
        fields = (
            "name", "account", "region", "bucket", "prefix", "queue_url", "first_day",
        )  # fmt: skip
        labels = _TEXT["labels"]
        help_texts = _TEXT["helps"]
        widgets = {  # noqa: RUF012 - Django's interface
            "first_day": forms.DateInput(attrs={"type": "date"})
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk:
            for name in ("bucket", "prefix"):
                self.fields[name].disabled = True
                self.fields[name].help_text = "Another place is another source."

    def clean_bucket(self) -> str:
        return bucket_of(self.cleaned_data["bucket"])

    def clean_prefix(self) -> str:
        return prefix_of(self.cleaned_data["prefix"])

    def clean_region(self) -> str:
        return region_of(self.cleaned_data["region"])

    def clean_queue_url(self) -> str:
        return queue_of(self.cleaned_data["queue_url"])

    def save(self, commit: bool = True) -> Any:  # noqa: FBT001, FBT002 - Django's
        self.instance.kind = TrailSource.Kind.BUCKET
        return super().save(commit)


class LookupForm(forms.ModelForm[TrailSource]):
    """Events looked up without a bucket."""

    regions = RegionsField(
        label="Regions",
        help_text="Separated by commas, such as us-east-1, eu-west-1.",
        initial="us-east-1",
    )

    class Meta:
        model = TrailSource
        fields = ("name", "account", "regions", "first_day")
        labels = _TEXT["labels"]
        help_texts = {  # noqa: RUF012
            "first_day": "Events before it are not looked up. Empty: all 90 days that "
            "AWS keeps.",
        }
        widgets = {  # noqa: RUF012
            "first_day": forms.DateInput(attrs={"type": "date"})
        }

    def save(self, commit: bool = True) -> Any:  # noqa: FBT001, FBT002
        self.instance.kind = TrailSource.Kind.LOOKUP
        return super().save(commit)
