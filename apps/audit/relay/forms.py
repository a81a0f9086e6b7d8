"""Forms about where violations are handed on to, and where requests come from."""

from __future__ import annotations

from django import forms

from apps.audit.models import RecordTarget, RepairQueue
from apps.discovery.arn import parse_arn
from apps.discovery.forms import bucket_of, prefix_of, queue_of, region_of


class RecordTargetForm(forms.ModelForm[RecordTarget]):
    """A bucket for records, with a topic or without."""

    class Meta:
        model = RecordTarget
        fields = ("name", "account", "region", "bucket", "prefix", "topic_arn")
        labels = {"account": "Account whose role writes", "topic_arn": "Topic ARN"}  # noqa: RUF012
        help_texts = {  # noqa: RUF012 - Django's interface
            "region": "Where the bucket and the topic are.",
            "prefix": "Records go below it, in folders by account, region and day.",
            "topic_arn": "An SNS topic that gets each record once it is in the bucket. "
            "Without one, nobody is told.",
        }

    def clean_bucket(self) -> str:
        return bucket_of(self.cleaned_data["bucket"])

    def clean_prefix(self) -> str:
        return prefix_of(self.cleaned_data["prefix"])

    def clean_region(self) -> str:
        return region_of(self.cleaned_data["region"])

    def clean_topic_arn(self) -> str:
        text: str = self.cleaned_data["topic_arn"].strip()
        arn = parse_arn(text)
        if text and (arn is None or arn.service != "sns"):
            raise forms.ValidationError(
                "That is not the ARN of a topic, such as "
                "arn:aws:sns:eu-west-1:111122223333:violations."
            )
        return text


class RepairQueueForm(forms.ModelForm[RepairQueue]):
    """A queue of requests."""

    class Meta:
        model = RepairQueue
        fields = ("name", "account", "region", "queue_url")
        labels = {"account": "Account whose role reads it", "queue_url": "Queue URL"}  # noqa: RUF012
        help_texts = {  # noqa: RUF012
            "queue_url": "An SQS queue that hears of records, of AWS Config's "
            "notifications, or of EventBridge events about compliance.",
        }

    def clean_region(self) -> str:
        return region_of(self.cleaned_data["region"])

    def clean_queue_url(self) -> str:
        return queue_of(self.cleaned_data["queue_url"])
