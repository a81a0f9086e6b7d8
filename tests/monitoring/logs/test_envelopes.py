"""What subscriptions send is read whole, and nothing it holds can hurt."""

from __future__ import annotations

import base64
import gzip
import json
import tracemalloc
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.monitoring.logs.envelopes import (
    Envelope,
    EnvelopeEvent,
    from_base64,
    from_record,
    from_stream,
)
from apps.search.intake import Broken
from apps.search.timerange import milliseconds
from tests.factories import NOON, gzipped

NOON_MS = milliseconds(NOON)


def data(**fields: Any) -> dict[str, Any]:
    return {
        "messageType": "DATA_MESSAGE",
        "owner": "111122223333",
        "logGroup": "/shop",
        "logStream": "one",
        "subscriptionFilters": ["all"],
        "logEvents": [{"id": "1", "timestamp": NOON_MS, "message": "hello"}],
    } | fields


def packed(*documents: Any) -> bytes:
    return b"".join(gzipped(json.dumps(one).encode()) for one in documents)


def only(found: Any) -> Any:
    (one,) = found
    return one


def test_an_envelope_is_read() -> None:
    assert only(from_record(packed(data()))) == Envelope(
        "111122223333",
        "/shop",
        "one",
        ("all",),
        (EnvelopeEvent("1", NOON_MS, "hello"),),
    )


def test_lambda_wraps_it_in_base64() -> None:
    wrapped = base64.b64encode(packed(data())).decode()

    assert list(from_base64(wrapped)) == list(from_record(packed(data())))


def test_members_put_together_by_firehose_are_all_read() -> None:
    several = packed(data(logStream="one"), data(logStream="two"), data())

    found: list[Any] = list(from_record(several))
    assert [one.stream for one in found] == ["one", "two", "one"]


def test_a_record_may_not_be_compressed() -> None:
    assert only(from_record(json.dumps(data()).encode())).group == "/shop"


def test_a_test_message_brings_nothing() -> None:
    control = data(messageType="CONTROL_MESSAGE", owner="CloudwatchLogs", logGroup="")

    found = only(from_record(packed(control)))

    assert found.is_control
    assert found.events == ()


@pytest.mark.parametrize(
    "wrong",
    [
        b"",
        b"plain text",
        packed([1, 2]),
        packed("text"),
        packed({"messageType": "OTHER"}),
        packed(data(owner=None)),
        packed(data(logGroup="")),
        packed(data(logEvents={})),
        packed(data())[:40],
        b"\x1f\x8b\x00 damaged",
        b"[" * 200_000,
    ],
)
def test_what_is_no_envelope_is_said_to_be_broken(wrong: bytes) -> None:
    found = list(from_record(wrong))

    assert all(isinstance(one, Broken) for one in found)
    assert bool(found) == bool(wrong)


def test_no_base64_is_broken() -> None:
    assert "base64" in only(from_base64("!!!")).reason


@pytest.mark.parametrize(
    "event",
    [
        "text",
        {},
        {"id": "", "timestamp": 1, "message": "m"},
        {"id": "1", "timestamp": "1", "message": "m"},
        {"id": "1", "timestamp": True, "message": "m"},
        {"id": "1", "timestamp": -1, "message": "m"},
        {"id": "1", "timestamp": 1 << 60, "message": "m"},
        {"id": "1", "timestamp": 1, "message": None},
    ],
)
def test_a_broken_event_does_not_hide_the_others(event: Any) -> None:
    good = {"id": "2", "timestamp": 5, "message": "good"}

    found = only(from_record(packed(data(logEvents=[event, good]))))

    assert [one.message for one in found.events] == ["good"]
    assert len(found.broken) == 1


def test_after_a_broken_document_the_next_is_read() -> None:
    text = '{"messageType": broken ' + json.dumps(data()) + "\n" + json.dumps(data())

    found = list(from_stream([text.encode()]))

    assert [isinstance(one, Broken) for one in found] == [True, False, False]


def test_a_bomb_is_stopped_before_it_fills_the_memory() -> None:
    bomb = gzip.compress(b'{"messageType":"' + b"A" * (200 << 20))
    tracemalloc.start()

    found = only(from_record(bomb))

    assert "64 MiB" in found.reason
    assert tracemalloc.get_traced_memory()[1] < 200 << 20
    tracemalloc.stop()


@given(st.lists(st.integers(1, 40), max_size=30), st.lists(st.text(), max_size=4))
def test_it_does_not_matter_how_a_stream_is_cut(
    cuts: list[int], messages: list[str]
) -> None:
    whole = b" ".join(
        json.dumps(
            data(logEvents=[{"id": "1", "timestamp": 1, "message": text}]),
            ensure_ascii=False,
        ).encode("utf-8", "replace")
        for text in messages
    )
    pieces, at = [], 0
    for cut in cuts:
        pieces.append(whole[at : at + cut])
        at += cut

    assert list(from_stream([*pieces, whole[at:]])) == list(from_stream([whole]))
    assert len(list(from_stream([whole]))) == len(messages)


@given(st.binary(max_size=300))
def test_no_bytes_raise(noise: bytes) -> None:
    list(from_record(noise))
    list(from_record(gzip.compress(noise)))
