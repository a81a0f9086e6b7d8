"""Forms about collecting metrics."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db import transaction

from apps.monitoring.models import MetricExclusion, MetricPlan, MetricScope

_MOST_NAMESPACES = 200
_LONGEST_NAMESPACE = 255


class PlanForm(forms.ModelForm[MetricPlan]):
    """What is collected of an account, and what it may cost."""

    excluded_text = forms.CharField(
        label="Namespaces left out",
        required=False,
        max_length=20_000,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text="One a line, such as AWS/Usage. Their metrics are listed, and not "
        "read from now on.",
    )

    class Meta:
        model = MetricPlan
        fields = ("budget_dollars", "period_seconds")
        labels = {  # noqa: RUF012 - Django's interface
            "budget_dollars": "Budget a day in US dollars",
            "period_seconds": "Finest period",
        }
        help_texts = {  # noqa: RUF012
            "budget_dollars": "Once it is used up, nothing is read before midnight "
            "UTC. Empty: METRIC_BUDGET_DOLLARS of the settings.",
            "period_seconds": "Five minutes cost a fifth for what somebody watches, "
            "and show less.",
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk:
            excluded = self.instance.exclusions.values_list("namespace", flat=True)
            self.fields["excluded_text"].initial = "\n".join(excluded)
        self.order_fields(("budget_dollars", "period_seconds", "excluded_text"))

    def clean_excluded_text(self) -> list[str]:
        namespaces = _listed(self.cleaned_data["excluded_text"].splitlines())
        if len(namespaces) > _MOST_NAMESPACES:
            raise ValidationError(f"At most {_MOST_NAMESPACES} namespaces.")
        if any(len(one) > _LONGEST_NAMESPACE for one in namespaces):
            raise ValidationError("A namespace has at most 255 characters.")
        return namespaces

    def save(self, commit: bool = True) -> Any:  # noqa: FBT001, FBT002 - Django's
        """Saved, and looked at by the worker at once."""
        with transaction.atomic():
            plan = super().save(commit)
            plan.exclusions.all().delete()
            MetricExclusion.objects.bulk_create(
                MetricExclusion(plan=plan, namespace=one)
                for one in self.cleaned_data["excluded_text"]
            )
            MetricScope.objects.filter(account=plan.account_id).update(
                reading_ran_at=None
            )
        return plan


def _listed(parts: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(filter(None, map(str.strip, parts))))
