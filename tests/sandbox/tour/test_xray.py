"""X-Ray, walked with the AWS CLI."""

from __future__ import annotations

import json

from sandbox.assembly import Sandbox
from tests.sandbox.conftest import NOW
from tests.sandbox.tour.aws import Aws
from tests.sandbox.tour.conftest import all_of
from tests.sandbox.xray.shop import TRACE, call, callee, segment

RANGE = f"--start-time {NOW - 600} --end-time {NOW}"


def walk_traces(aws: Aws) -> None:
    documents = [segment(subsegments=[call()], user="ann"), callee()]
    sent = [json.dumps(document) for document in documents]
    answer = aws("xray put-trace-segments --trace-segment-documents", *sent)
    assert answer["UnprocessedTraceSegments"] == []
    found = aws(f"xray get-trace-summaries {RANGE} --filter-expression", 'user = "ann"')
    assert [s["Id"] for s in found["TraceSummaries"]] == [TRACE]
    traces = aws(f"xray batch-get-traces --trace-ids {TRACE}")["Traces"]
    assert [json.loads(s["Document"]) for s in traces[0]["Segments"]] == documents


def walk_graphs(aws: Aws) -> None:
    services = aws(f"xray get-service-graph {RANGE}")["Services"]
    assert {s["Name"] for s in services} == {"web", "orders"}
    assert len(aws(f"xray get-trace-graph --trace-ids {TRACE}")["Services"]) == 3
    series = aws(
        f"xray get-time-series-service-statistics {RANGE} --entity-selector-expression",
        'edge("web", "orders")',
    )["TimeSeriesServiceStatistics"]
    assert series[0]["EdgeSummaryStatistics"]["OkCount"] == 1


def walk_groups(aws: Aws) -> None:
    made = aws("xray create-group --group-name slow --filter-expression", "ok = false")
    arn = made["Group"]["GroupARN"]
    assert aws("xray get-group --group-name slow")["Group"]["GroupARN"] == arn
    assert len(aws("xray get-groups")["Groups"]) == 2
    changed = aws("xray update-group --group-name slow --filter-expression", "fault")
    assert changed["Group"]["FilterExpression"] == "fault"
    aws(f"xray tag-resource --resource-arn {arn} --tags Key=team,Value=shop")
    tags = aws(f"xray list-tags-for-resource --resource-arn {arn}")["Tags"]
    assert tags == [{"Key": "team", "Value": "shop"}]
    aws(f"xray untag-resource --resource-arn {arn} --tag-keys team")
    assert aws(f"xray list-tags-for-resource --resource-arn {arn}")["Tags"] == []
    aws("xray delete-group --group-name slow")
    assert aws.run("xray get-group --group-name slow")[0] != 0


def walk_sampling(aws: Aws) -> None:
    wild = dict.fromkeys(
        ("ResourceARN", "ServiceName", "ServiceType", "Host", "HTTPMethod", "URLPath"),
        "*",
    )
    numbers = {"Priority": 1, "FixedRate": 0.5, "ReservoirSize": 4, "Version": 1}
    rule = json.dumps({"RuleName": "all", **wild, **numbers})
    made = aws("xray create-sampling-rule --sampling-rule", rule)
    assert made["SamplingRuleRecord"]["SamplingRule"]["Priority"] == 1
    update = json.dumps({"RuleName": "all", "FixedRate": 0.25})
    aws("xray update-sampling-rule --sampling-rule-update", update)
    rules = aws("xray get-sampling-rules")["SamplingRuleRecords"]
    assert rules[0]["SamplingRule"]["FixedRate"] == 0.25
    report = {
        "RuleName": "all", "ClientID": "a" * 24, "Timestamp": NOW,
        "RequestCount": 8, "SampledCount": 2,
    }  # fmt: skip
    targets = aws(
        "xray get-sampling-targets --sampling-statistics-documents", json.dumps(report)
    )
    assert targets["SamplingTargetDocuments"][0]["ReservoirQuota"] == 4
    summaries = aws("xray get-sampling-statistic-summaries")
    assert summaries["SamplingStatisticSummaries"][0]["RequestCount"] == 8
    aws("xray delete-sampling-rule --rule-name all")
    assert len(aws("xray get-sampling-rules")["SamplingRuleRecords"]) == 1


def walk_settings(aws: Aws) -> None:
    aws("xray put-encryption-config --type KMS --key-id alias/traces")
    config = aws("xray get-encryption-config")["EncryptionConfig"]
    assert config["KeyId"] == "alias/traces"
    assert aws("xray get-trace-segment-destination")["Destination"] == "XRay"
    changed = aws("xray update-trace-segment-destination --destination CloudWatchLogs")
    assert changed["Destination"] == "CloudWatchLogs"
    record = f"Timestamp={NOW},SegmentsReceivedCount=1"
    assert aws(f"xray put-telemetry-records --telemetry-records {record}") == {}


def test_traces_graphs_and_rules(aws: Aws, sandbox: Sandbox, walked: set[str]) -> None:
    walk_traces(aws)
    walk_graphs(aws)
    walk_groups(aws)
    walk_sampling(aws)
    walk_settings(aws)

    assert walked >= all_of(sandbox, "xray")
