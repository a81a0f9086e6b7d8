"""Encryption, the destination of segments, and telemetry."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.sandbox.conftest import NOW
from tests.sandbox.test_identity import refused
from tests.sandbox.xray.shop import TRACE, put, segment, summaries


def test_nothing_is_encrypted_with_a_key_at_first(xray: Any) -> None:
    assert xray.get_encryption_config()["EncryptionConfig"] == {
        "Type": "NONE",
        "Status": "ACTIVE",
    }


def test_a_key_takes_a_while(xray: Any, pass_time: Callable[[float], None]) -> None:
    answer = xray.put_encryption_config(Type="KMS", KeyId="alias/traces")
    assert answer["EncryptionConfig"] == {
        "Type": "KMS",
        "KeyId": "alias/traces",
        "Status": "UPDATING",
    }

    pass_time(60)

    assert xray.get_encryption_config()["EncryptionConfig"]["Status"] == "ACTIVE"


def test_a_key_can_be_given_up(xray: Any) -> None:
    xray.put_encryption_config(Type="KMS", KeyId="alias/traces")

    assert "KeyId" not in xray.put_encryption_config(Type="NONE")["EncryptionConfig"]


@pytest.mark.parametrize("asked", [{"Type": "KMS"}, {"Type": "NONE", "KeyId": "k"}])
def test_a_key_and_its_type_go_together(xray: Any, asked: dict[str, Any]) -> None:
    refusal = refused(xray.put_encryption_config, **asked)

    assert refusal == ("InvalidRequestException", 400)


def test_segments_are_x_rays_own(xray: Any) -> None:
    answer = xray.get_trace_segment_destination()

    assert (answer["Destination"], answer["Status"]) == ("XRay", "ACTIVE")


def test_telemetry_is_taken(xray: Any) -> None:
    record = {"Timestamp": NOW, "SegmentsReceivedCount": 3, "SegmentsSentCount": 3}

    answer = xray.put_telemetry_records(TelemetryRecords=[record], Hostname="web-1")

    assert answer["ResponseMetadata"]["HTTPStatusCode"] == 200


def test_insights_are_absent_and_say_so(xray: Any) -> None:
    refusal = refused(xray.get_insight_summaries, StartTime=NOW - 60, EndTime=NOW)

    assert refusal == ("NotImplementedBySandbox", 501)


def test_with_transaction_search_traces_are_listed_and_not_found(xray: Any) -> None:
    put(xray, segment())
    xray.update_trace_segment_destination(Destination="CloudWatchLogs")

    assert xray.get_trace_segment_destination()["Destination"] == "CloudWatchLogs"
    assert [one["Id"] for one in summaries(xray)] == [TRACE]
    answer = xray.batch_get_traces(TraceIds=[TRACE])
    assert (answer["Traces"], answer["UnprocessedTraceIds"]) == ([], [TRACE])
