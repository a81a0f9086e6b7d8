"""EventBridge, walked with the AWS CLI."""

from __future__ import annotations

import json

from sandbox.assembly import Sandbox
from sandbox.kernel.cloud import HOME_REGION, SHOP
from tests.sandbox.tour.aws import Aws
from tests.sandbox.tour.conftest import all_of

PATTERN = json.dumps({"source": ["shop"]})
QUEUE = f"arn:aws:sqs:{HOME_REGION}:{SHOP}:queue"


def walk_buses(aws: Aws) -> None:
    arn = aws("events create-event-bus --name orders")["EventBusArn"]
    assert aws("events describe-event-bus --name orders")["Arn"] == arn
    listed = aws("events list-event-buses")["EventBuses"]
    assert [bus["Name"] for bus in listed] == ["default", "orders"]
    aws(f"events tag-resource --resource-arn {arn} --tags Key=team,Value=shop")
    tags = aws(f"events list-tags-for-resource --resource-arn {arn}")["Tags"]
    assert tags == [{"Key": "team", "Value": "shop"}]
    aws(f"events untag-resource --resource-arn {arn} --tag-keys team")
    aws(
        "events put-permission --event-bus-name orders --statement-id one "
        "--action events:PutEvents --principal 444455556666"
    )
    assert "444455556666" in aws("events describe-event-bus --name orders")["Policy"]
    aws("events remove-permission --event-bus-name orders --statement-id one")
    assert "Policy" not in aws("events describe-event-bus --name orders")
    aws("events delete-event-bus --name orders")
    assert len(aws("events list-event-buses")["EventBuses"]) == 1


def walk_rules(aws: Aws) -> None:
    made = aws("events put-rule --name rule --event-pattern", PATTERN)
    assert made["RuleArn"].endswith(":rule/rule")
    aws("events disable-rule --name rule")
    assert aws("events describe-rule --name rule")["State"] == "DISABLED"
    aws("events enable-rule --name rule")
    assert aws("events list-rules")["Rules"][0]["State"] == "ENABLED"
    put = aws(f"events put-targets --rule rule --targets Id=1,Arn={QUEUE}")
    assert put["FailedEntryCount"] == 0
    targets = aws("events list-targets-by-rule --rule rule")["Targets"]
    assert targets == [{"Id": "1", "Arn": QUEUE}]
    by_target = aws(f"events list-rule-names-by-target --target-arn {QUEUE}")
    assert by_target["RuleNames"] == ["rule"]


def test_buses_rules_and_events(aws: Aws, sandbox: Sandbox, walked: set[str]) -> None:
    walk_buses(aws)
    walk_rules(aws)
    event = {
        "id": "1", "account": SHOP, "source": "shop", "detail-type": "Order",
        "time": "2026-09-21T14:13:20Z", "region": HOME_REGION,
    }  # fmt: skip
    tested = aws(
        "events test-event-pattern --event-pattern",
        PATTERN,
        "--event",
        json.dumps(event),
    )
    assert tested["Result"] is True
    entry = [{"Source": "shop", "DetailType": "Order", "Detail": "{}"}]
    put = aws("events put-events --entries", json.dumps(entry))
    assert put["FailedEntryCount"] == 0
    aws("events remove-targets --rule rule --ids 1")
    aws("events delete-rule --name rule")
    assert aws("events list-rules")["Rules"] == []
    assert walked >= all_of(sandbox, "events")
