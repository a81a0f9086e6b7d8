"""CloudWatch Logs by the AWS CLI."""

from __future__ import annotations

import json

import pytest

from sandbox.assembly import Sandbox
from sandbox.kernel.cloud import SHOP
from tests.sandbox.logs.conftest import NOW_MS
from tests.sandbox.tour.aws import Aws
from tests.sandbox.tour.conftest import all_of

ARN = f"arn:aws:logs:eu-west-1:{SHOP}:log-group:/shop"
MESSAGE = json.dumps({"level": "ERROR", "path": "/pay", "ms": 30})


@pytest.fixture
def shop(aws: Aws) -> Aws:
    """The CLI, and a group with a stream and one event."""
    aws("logs create-log-group --log-group-name /shop --tags team=shop")
    aws("logs create-log-stream --log-group-name /shop --log-stream-name one")
    sent = json.dumps([{"timestamp": NOW_MS, "message": MESSAGE}])
    answer = aws(
        "logs put-log-events --log-group-name /shop --log-stream-name one --log-events",
        sent,
    )
    assert answer["nextSequenceToken"]
    return aws


def test_every_operation(walked: set[str], shop: Aws, sandbox: Sandbox) -> None:
    for walk in (_groups, _tags, _events, _metric_filters, _subscriptions, _queries):
        walk(shop)
    _definitions(shop)
    _end(shop)

    # A query that ran to its end cannot be stopped: the CLI asks and is refused.
    assert walked | {"logs:StopQuery"} >= all_of(sandbox, "logs")


def _groups(aws: Aws) -> None:
    named = "--log-group-name /shop"
    aws(f"logs put-retention-policy {named} --retention-in-days 30")
    aws(f"logs associate-kms-key {named} --kms-key-id arn:aws:kms:::key/1")
    (group,) = aws("logs describe-log-groups")["logGroups"]
    assert (group["retentionInDays"], group["kmsKeyId"]) == (30, "arn:aws:kms:::key/1")
    aws(f"logs delete-retention-policy {named}")
    aws(f"logs disassociate-kms-key {named}")
    (group,) = aws("logs describe-log-groups")["logGroups"]
    assert "retentionInDays" not in group
    assert "kmsKeyId" not in group
    (listed,) = aws("logs list-log-groups --log-group-name-pattern sho")["logGroups"]
    assert listed["logGroupArn"] == ARN
    protect = "logs put-log-group-deletion-protection --log-group-identifier /shop"
    aws(f"{protect} --deletion-protection-enabled")
    assert aws("logs describe-log-groups")["logGroups"][0]["deletionProtectionEnabled"]
    aws(f"{protect} --no-deletion-protection-enabled")


def _tags(aws: Aws) -> None:
    aws("logs tag-log-group --log-group-name /shop --tags env=prod")
    aws(f"logs tag-resource --resource-arn {ARN} --tags tier=1")
    aws("logs untag-log-group --log-group-name /shop --tags env")
    aws(f"logs untag-resource --resource-arn {ARN} --tag-keys tier")
    by_name = aws("logs list-tags-log-group --log-group-name /shop")["tags"]
    by_arn = aws(f"logs list-tags-for-resource --resource-arn {ARN}")["tags"]
    assert by_name == by_arn == {"team": "shop"}


def _events(aws: Aws) -> None:
    (stream,) = aws("logs describe-log-streams --log-group-name /shop")["logStreams"]
    assert stream["lastEventTimestamp"] == NOW_MS
    (found,) = aws(
        "logs filter-log-events --log-group-name /shop --filter-pattern",
        '{ $.level = "ERROR" && $.ms > 20 }',
    )["events"]
    got = aws("logs get-log-events --log-group-name /shop --log-stream-name one")
    assert found["message"] == got["events"][0]["message"] == MESSAGE
    fields = aws("logs get-log-group-fields --log-group-name /shop")["logGroupFields"]
    assert {"name": "path", "percent": 100} in fields


def _metric_filters(aws: Aws) -> None:
    named = "--log-group-name /shop --filter-name errors"
    aws(
        f"logs put-metric-filter {named} --filter-pattern ERROR"
        " --metric-transformations metricName=E,metricNamespace=N,metricValue=1"
    )
    (found,) = aws("logs describe-metric-filters --log-group-name /shop")[
        "metricFilters"
    ]
    assert found["metricTransformations"][0]["metricValue"] == "1"
    tried = aws(
        "logs test-metric-filter --log-event-messages a ERROR --filter-pattern ERROR"
    )
    assert tried["matches"][0]["eventNumber"] == 2
    aws(f"logs delete-metric-filter {named}")


def _subscriptions(aws: Aws) -> None:
    aws("kinesis create-stream --stream-name out --shard-count 1")
    named = "--log-group-name /shop --filter-name out"
    stream = f"arn:aws:kinesis:eu-west-1:{SHOP}:stream/out"
    role = f"arn:aws:iam::{SHOP}:role/r"
    aws(
        f"logs put-subscription-filter {named} --filter-pattern ERROR"
        f" --destination-arn {stream} --role-arn {role}"
    )
    (found,) = aws("logs describe-subscription-filters --log-group-name /shop")[
        "subscriptionFilters"
    ]
    assert (found["destinationArn"], found["distribution"]) == (stream, "ByLogStream")
    aws(f"logs delete-subscription-filter {named}")


def _queries(aws: Aws) -> None:
    started = aws(
        "logs start-query --log-group-name /shop"
        f" --start-time {NOW_MS // 1_000 - 60} --end-time {NOW_MS // 1_000}"
        " --query-string",
        "fields path | filter level = 'ERROR'",
    )["queryId"]
    asked = f"logs get-query-results --query-id {started}"
    while (found := aws(asked))["status"] == "Running":
        pass
    ((path, pointer),) = found["results"]
    assert path == {"field": "path", "value": "/pay"}
    record = aws(f"logs get-log-record --log-record-pointer {pointer['value']}")
    assert record["logRecord"]["@message"] == MESSAGE
    (listed,) = aws("logs describe-queries --status Complete")["queries"]
    assert listed["queryId"] == started
    code, _, said = aws.run(f"logs stop-query --query-id {started}")
    assert code != 0
    assert "Query is not running" in said


def _definitions(aws: Aws) -> None:
    made = aws("logs put-query-definition --name slow --query-string", "sort ms")[
        "queryDefinitionId"
    ]
    (found,) = aws("logs describe-query-definitions")["queryDefinitions"]
    assert (found["name"], found["queryDefinitionId"]) == ("slow", made)
    gone = aws(f"logs delete-query-definition --query-definition-id {made}")
    assert gone["success"]


def _end(aws: Aws) -> None:
    aws("logs delete-log-stream --log-group-name /shop --log-stream-name one")
    assert not aws("logs describe-log-streams --log-group-name /shop")["logStreams"]
    aws("logs delete-log-group --log-group-name /shop")
    assert not aws("logs describe-log-groups")["logGroups"]
