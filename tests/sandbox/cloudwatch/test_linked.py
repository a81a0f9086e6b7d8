"""Metrics of other accounts: none is linked to another."""

from __future__ import annotations

from typing import Any

from sandbox.kernel.cloud import PAYMENTS
from tests.sandbox.cloudwatch.conftest import ask, datum, expression, metric, values
from tests.sandbox.conftest import Client


def test_metrics_of_an_account_without_a_link_are_forbidden(
    client: Client, cloudwatch: Any
) -> None:
    payments = client("cloudwatch", PAYMENTS)
    payments.put_metric_data(Namespace="Shop", MetricData=[datum(7)])
    theirs = metric("theirs", AccountId=PAYMENTS)

    answer = ask(cloudwatch, theirs, metric("ours"), expression("theirs + 1"))

    results = answer["MetricDataResults"]
    assert [each["StatusCode"] for each in results] == [
        "Forbidden",
        "Complete",
        "Forbidden",
    ]
    assert [each["Values"] for each in results] == [[], [], []]
    assert values(ask(payments, theirs)) == [7]
