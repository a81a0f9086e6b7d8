"""The form about where resources are learned of."""

from __future__ import annotations

from typing import Any

from django import forms

from apps.discovery.forms import bucket_of, prefix_of, queue_of, region_of
from apps.discovery.models import ConfigSource


class ConfigSourceForm(forms.ModelForm[ConfigSource]):
    class Meta:
        model = ConfigSource
        fields = (
            "account", "region", "asks_config", "scans", "queue_url", "bucket",
            "prefix", "bucket_region", "first_day", "aggregator",
        )  # fmt: skip
        labels = {  # noqa: RUF012 - Django's interface
            "account": "Account whose credentials read it",
            "asks_config": "Ask AWS Config",
            "scans": "Read directly what AWS Config does not record",
            "queue_url": "Queue URL",
            "bucket": "Bucket of AWS Config",
            "bucket_region": "Region of the bucket",
            "first_day": "First day",
            "aggregator": "Aggregator",
        }
        help_texts = {  # noqa: RUF012
            "asks_config": "Every 10 minutes: what it discovered, and once the past "
            "of each resource.",
            "scans": "Every 10 minutes, by the APIs of the services.",
            "queue_url": "An SQS queue that hears the topic of AWS Config: changes are "
            "known within seconds.",
            "bucket": "Where history and snapshot files are delivered, and items too "
            "large for a message.",
            "prefix": "What comes before AWSLogs/, with its slash. Usually empty.",
            "bucket_region": "Where it is another region.",
            "first_day": "Files of days before are not read. Empty: the last 7 days.",
            "aggregator": "Its name, to read copies of other places: they "
            "lag behind. Then nothing else here is read.",
        }
        widgets = {  # noqa: RUF012
            "first_day": forms.DateInput(attrs={"type": "date"})
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk:
            for name in ("account", "region", "aggregator"):
                self.fields[name].disabled = True
                self.fields[name].help_text = "Another place is another source."

    def clean_region(self) -> str:
        return region_of(self.cleaned_data["region"])

    def clean_bucket_region(self) -> str:
        told = self.cleaned_data["bucket_region"]
        return region_of(told) if told else ""

    def clean_bucket(self) -> str:
        told = self.cleaned_data["bucket"]
        return bucket_of(told) if told else ""

    def clean_prefix(self) -> str:
        return prefix_of(self.cleaned_data["prefix"])

    def clean_queue_url(self) -> str:
        return queue_of(self.cleaned_data["queue_url"])
