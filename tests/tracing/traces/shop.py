"""A small shop's traces, stored: a checkout that failed, some that went well."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from apps.search.engines.base import DocumentEngine
from apps.tracing.spans.ingestion import SpanIntake
from apps.tracing.spans.segments import spans_of
from tests.factories import ACCOUNT, NOON, OTHER_ACCOUNT

DAY = "since=2026-07-01T11:00:00Z&until=2026-07-01T13:00:00Z"
START = NOON.timestamp()
REGION = "eu-west-1"
FAILED, OTHERS = "1-6a450080-bd862e3fe1be46a994272793", "1-6a4500c0-{:024x}"
WEB, CALL, PAY, BANK = ("a" * 16, "b" * 16, "c" * 16, "d" * 16)


def failed_checkout() -> list[tuple[dict[str, Any], str]]:
    """`payments` lies in another account; its call to the bank timed out."""
    web = {
        **_segment(WEB, "web", 0, 2.0, FAILED),
        "fault": True,
        "user": "ann",
        "http": _http("POST", "https://shop/checkout", 502),
        "annotations": {"tier": "gold"},
        "aws": {"cloudwatch_logs": [{"log_group": "/ecs/checkout"}]},
        "subsegments": [
            {
                **_times(CALL, "payments", 0.1, 1.8),
                "namespace": "remote",
                "fault": True,
            }
        ],
    }
    pay = {
        **_segment(PAY, "payments", 0.2, 1.6, FAILED),
        "parent_id": CALL,
        "fault": True,
        "metadata": {"card": {"kind": "<b>visa</b>"}},
        "cause": {
            "exceptions": [
                {"id": "1" * 16, "type": "ChargeFailed", "message": "no charge",
                 "cause": "2" * 16, "stack": [{"path": "charge.py", "line": 40}]},
                {"id": "2" * 16, "type": "Timeout", "message": "no answer"},
            ]
        },
        "subsegments": [
            {
                **_times(BANK, "orders@db", 0.3, 1.4),
                "namespace": "remote",
                "sql": {"sanitized_query": "update charges set state = ?"},
            }
        ],
    }  # fmt: skip
    return [(web, ACCOUNT), (pay, OTHER_ACCOUNT)]


def quick_checkout(number: int, seconds: float = 0.1) -> dict[str, Any]:
    """A checkout that went well, in a minute of its own."""
    span_id = f"{number + 1:016x}"
    return {
        **_segment(span_id, "web", -60.0 * number, seconds, OTHERS.format(number)),
        "http": _http("GET", "https://shop/cart", 200),
        "user": "bob",
    }


def shop_documents() -> list[dict[str, Any]]:
    """The failed checkout, and ten that took 100 to 190 ms, the newest the longest.
    Each names its account."""
    quick = [(quick_checkout(at, 0.19 - at / 100), ACCOUNT) for at in range(10)]
    return [
        {**document, "aws": {**document.get("aws", {}), "account_id": account}}
        for document, account in [*failed_checkout(), *quick]
    ]


def store_shop(engine: DocumentEngine) -> None:
    store_documents(engine, shop_documents())


def store_documents(
    engine: DocumentEngine, documents: Iterable[dict[str, Any]]
) -> None:
    intake = SpanIntake(engine)
    for document in documents:
        spans = spans_of(document, ACCOUNT, REGION)
        intake.take_spans("shop", [(span, 0) for span in spans])
    intake.commit()


def _segment(
    span_id: str, name: str, at: float, seconds: float, trace: str
) -> dict[str, Any]:
    return {
        **_times(span_id, name, at, seconds),
        "trace_id": trace,
        "origin": "AWS::ECS::Container",
    }


def _times(span_id: str, name: str, at: float, seconds: float) -> dict[str, Any]:
    begin = START + at
    return {
        "id": span_id, "name": name, "start_time": begin, "end_time": begin + seconds
    }  # fmt: skip


def _http(method: str, url: str, status: int) -> dict[str, Any]:
    return {
        "request": {"method": method, "url": url},
        "response": {"status": status},
    }
