"""What lines say is found in them, whatever format they have."""

import json
from typing import Any

import pytest

from apps.monitoring.logs.formats import flowlogs
from apps.monitoring.logs.formats.bodies import MAX_DEPTH, MAX_VALUE
from apps.monitoring.logs.recognition import fields_of
from tests.conftest import cases_folder

UUID = "3e3ab5a1-8f0a-4b0e-9a37-3c2c0f4d1b11"
DIGITS = "5759e988bd862e3fe1be46a994272793"
XRAY = "1-5759e988-bd862e3fe1be46a994272793"


@pytest.mark.parametrize(
    ("line", "level"),
    [
        ("2026-11-23 10:00:00,123 ERROR shop.cart: no stock", "ERROR"),
        ("[warning] disk is nearly full", "WARN"),
        ("[ERROR]\t2026-11-23T10:00:00Z\tsome text", "ERROR"),
        ('time="2026-11-23" level=info msg="started"', "INFO"),
        ("ERROR:root:it broke", "ERROR"),
        ("error: cannot open file", "ERROR"),
        ("E1123 10:00:00.000000 1 main.go:1] no", "ERROR"),
        ("2026-11-23 <Notice> listening", "INFO"),
        ("12:00 CRITICAL - all is lost", "FATAL"),
        ("10:00:00.1 [main] DEBUG c.e.Shop - hello", "DEBUG"),
        ("2026-11-23T10:00:00 TRACE x", "TRACE"),
        ("there was no error in this request", None),
        ("INFORMATION_SCHEMA is read", None),
    ],
)
def test_levels_of_plain_lines(line: str, level: str | None) -> None:
    assert fields_of(line).get("@level") == level


@pytest.mark.parametrize(
    ("body", "level"),
    [
        ({"level": "warning"}, "WARN"),
        ({"severity": "CRITICAL"}, "FATAL"),
        ({"lvl": "dbug"}, "DEBUG"),
        ({"log.level": "info"}, "INFO"),
        ({"log": {"level": "Error"}}, "ERROR"),
        ({"level": 50, "msg": "pino"}, "ERROR"),
        ({"level": 3.5}, None),
        ({"level": True}, None),
        ({"level": ["error"]}, None),
    ],
)
def test_levels_of_json_lines(body: dict[str, Any], level: str | None) -> None:
    assert fields_of(json.dumps(body)).get("@level") == level


@pytest.mark.parametrize(
    "line",
    [
        f"traced as {XRAY} here",
        f"X-Amzn-Trace-Id: Root={XRAY};Parent=53995c3f42cd8ad8;Sampled=1",
        f"trace_id={DIGITS} span_id=53995c3f42cd8ad8",
        f"traceparent: 00-{DIGITS}-53995c3f42cd8ad8-01",
        json.dumps({"trace_id": DIGITS.upper()}),
        json.dumps({"traceId": XRAY}),
        json.dumps({"xray_trace_id": f"Root={XRAY};Sampled=1"}),
        json.dumps({"traceparent": f"00-{DIGITS}-53995c3f42cd8ad8-01"}),
        json.dumps({"trace": {"id": DIGITS}}),
    ],
)
def test_traces_come_in_the_form_of_xray(line: str) -> None:
    assert fields_of(line)["@traceId"] == XRAY


@pytest.mark.parametrize(
    "line",
    ["on 2026-11-23 nothing", f"etag {DIGITS}", json.dumps({"trace_id": "none"})],
)
def test_what_only_looks_like_a_trace_is_none(line: str) -> None:
    assert "@traceId" not in fields_of(line)


@pytest.mark.parametrize(
    "line",
    [
        f"START RequestId: {UUID} Version: $LATEST\n",
        f"RequestId={UUID} done",
        f"2026-11-23T10:00:00.000Z\t{UUID}\tINFO\thello",
        json.dumps({"awsRequestId": UUID, "request_id": "of-the-shop"}),
        json.dumps({"requestId": UUID}),
    ],
)
def test_requests(line: str) -> None:
    assert fields_of(line)["@requestId"] == UUID


def test_a_report_of_lambda_is_taken_apart() -> None:
    line = (
        f"REPORT RequestId: {UUID}\tDuration: 339.77 ms\tBilled Duration: 400 ms \t"
        f"Memory Size: 512 MB\tMax Memory Used: 29 MB\tInit Duration: 101.5 ms\t\n"
        f"XRAY TraceId: {XRAY}\tSegmentId: 53995c3f42cd8ad8\tSampled: true"
    )

    assert fields_of(line) == {
        "@format": "lambda",
        "@type": "REPORT",
        "@requestId": UUID,
        "@duration": 339.77,
        "@billedDuration": 400,
        "@initDuration": 101.5,
        "@memorySize": 512_000_000,
        "@maxMemoryUsed": 29_000_000,
        "@traceId": XRAY,
    }


def test_a_report_in_json_says_the_same() -> None:
    report = {
        "time": "2026-11-23T10:00:00.000Z",
        "type": "platform.report",
        "record": {
            "requestId": UUID,
            "metrics": {
                "durationMs": 101.5,
                "memorySizeMB": 128,
                "maxMemoryUsedMB": 33,
            },
            "tracing": {"type": "X-Amzn-Trace-Id", "value": f"Root={XRAY};Sampled=1"},
        },
    }

    found = fields_of(json.dumps(report))

    assert (found["@type"], found["@requestId"], found["@traceId"]) == (
        "REPORT",
        UUID,
        XRAY,
    )
    assert (found["@duration"], found["@memorySize"]) == (101.5, 128_000_000)


def test_a_body_stands_beside_our_fields_and_never_in_their_place() -> None:
    body = {"@level": "forged", "@message": "x", "user": {"id": 7}, "tags": ["a", 1]}

    assert fields_of(json.dumps(body)) == {
        "@format": "json",
        "level": "forged",
        "message": "x",
        "user": {"id": 7},
        "tags": ["a", 1],
    }


def test_a_body_is_bounded() -> None:
    deep: dict[str, Any] = {"end": 1}
    for _ in range(MAX_DEPTH * 2):
        deep = {"d": deep}
    wide = {f"k{number}": number for number in range(5_000)}

    found = fields_of(json.dumps({"long": "x" * (MAX_VALUE + 1), "deep": deep} | wide))

    assert "long" not in found
    assert "end" not in json.dumps(found["deep"])
    assert len(found) <= 1_001


@pytest.mark.parametrize(
    "line", ["{broken", "{}x", "[1, 2]", '"text"', "", "{" * 5_000]
)
def test_what_is_no_object_is_text(line: str) -> None:
    assert fields_of(line)["@format"] == "text"


def test_a_default_flow_log_is_recognised_by_itself() -> None:
    line = (
        "2 123456789010 eni-1235b8ca123456789 172.31.9.69 172.31.9.12 49761 3389 6 20 "
        "4249 1418530010 1418530070 REJECT OK"
    )

    found = fields_of(line)

    assert (found["@format"], found["srcaddr"], found["bytes"]) == (
        "vpcflow",
        "172.31.9.69",
        4249,
    )


def test_no_data_in_a_flow_log_is_no_value() -> None:
    line = "2 123456789010 eni-1 - - - - - - - 1431280876 1431280934 - NODATA"

    assert "srcaddr" not in fields_of(line)


def test_a_custom_flow_log_is_read_by_its_header() -> None:
    header = flowlogs.header("version vpc-id srcaddr dstaddr flow-direction")

    assert header is not None
    assert fields_of("5 vpc-1 10.0.0.1 - egress", header) == {
        "@format": "vpcflow",
        "version": 5,
        "vpc-id": "vpc-1",
        "srcaddr": "10.0.0.1",
        "flow-direction": "egress",
    }
    assert flowlogs.header("this is no header at all") is None


def test_a_load_balancers_request() -> None:
    line = (
        "https 2018-07-02T22:23:00.186641Z app/my-loadbalancer/50dc6c495c0c9188 "
        "192.168.131.39:2817 10.0.0.1:80 0.086 0.048 0.037 200 200 0 57 "
        '"GET https://www.example.com:443/ HTTP/1.1" "curl/7.46.0" '
        "ECDHE-RSA-AES128-GCM-SHA256 TLSv1.2 "
        "arn:aws:elasticloadbalancing:us-east-2:123456789012:targetgroup/my-targets/7 "
        f'"Root={XRAY}" "www.example.com" "-" 1 2018-07-02T22:22:48.364000Z '
        '"authenticate,forward" "-" "-" "10.0.0.1:80" "200" "-" "-"'
    )

    found = fields_of(line)

    assert (found["@format"], found["client_ip"], found["client_port"]) == (
        "alb",
        "192.168.131.39",
        2817,
    )
    assert (found["elb_status_code"], found["target_processing_time"]) == (200, 0.048)
    assert (found["request_verb"], found["@traceId"]) == ("GET", XRAY)
    assert "redirect_url" not in found


def test_a_request_to_s3() -> None:
    owner = "79a59df900b949e55d96a1e698fbacedfd6e09d98eacf8f8d5218e7cd47ef2be"
    line = (
        f"{owner} amzn-s3-demo-bucket1 [06/Feb/2019:00:00:38 +0000] 192.0.2.3 {owner} "
        "3E57427F3EXAMPLE REST.GET.VERSIONING - "
        '"GET /amzn-s3-demo-bucket1?versioning HTTP/1.1" 200 - 113 - 7 - "-" '
        '"S3Console/0.4" - s9lzHYrFp76ZVxRcpX9+5cjAnEH2ROuNkd2BHfIa6Ug= SigV4 '
        "ECDHE-RSA-AES128-GCM-SHA256 AuthHeader s3.us-west-1.amazonaws.com TLSV1.2 - -"
    )

    found = fields_of(line)

    assert (found["@format"], found["bucket_name"], found["httpstatus"]) == (
        "s3access",
        "amzn-s3-demo-bucket1",
        200,
    )
    assert (found["operation"], found["bytessent"]) == ("REST.GET.VERSIONING", 113)
    assert "errorcode" not in found


def test_requests_of_api_gateway_in_its_formats() -> None:
    clf = (
        '127.0.0.1 - frank [10/Oct/2026:13:55:36 -0700] "GET /items HTTP/1.1" 200 2326 '
        f"{UUID}"
    )
    xml = f'<request id="{UUID}"> <ip>127.0.0.1</ip> <status>200</status> </request>'
    as_json = json.dumps({"requestId": UUID, "ip": "127.0.0.1", "status": "200"})

    for line in (clf, xml, as_json):
        found = fields_of(line)
        assert (found["@requestId"], found["ip"]) == (UUID, "127.0.0.1")
    assert fields_of(clf)["status"] == fields_of(xml)["status"] == 200
    assert fields_of(clf)["@format"] == fields_of(xml)["@format"] == "apigateway"


def test_a_web_servers_line() -> None:
    line = (
        '10.0.0.9 - - [10/Oct/2026:13:55:36 +0000] "GET /a HTTP/1.1" 404 - '
        '"https://example.com/" "Mozilla/5.0 (X11)"'
    )

    found = fields_of(line)

    assert (found["@format"], found["status"]) == ("clf", 404)
    assert found["useragent"] == "Mozilla/5.0 (X11)"


def flow_cases() -> list[dict[str, Any]]:
    file = cases_folder() / "patterns" / "vpc_flow.json"
    return json.loads(file.read_text()) if file.exists() else []


@pytest.mark.cases
@pytest.mark.parametrize("case", flow_cases())
def test_flow_logs_of_the_documentation(case: dict[str, Any]) -> None:
    assert flowlogs.parse(case["line"], case["format"].split()) == case["expected"]
