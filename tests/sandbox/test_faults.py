"""Faults strike where, when and how often they were asked to."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

import pytest
import requests
from botocore.exceptions import ClientError

from sandbox.kernel.clock import SetClock
from sandbox.kernel.cloud import SHOP, Cloud
from sandbox.kernel.faults import Fault, FaultKind, Faults
from tests.sandbox.conftest import NOW, Client
from tests.sandbox.test_identity import EVERYTHING, refused

Users = Callable[..., Mapping[str, str]]


@pytest.fixture
def sqs(signed: Client, user: Users) -> Any:
    return signed("sqs", user("trailmap", EVERYTHING))


@pytest.mark.parametrize(
    ("kind", "refusal"),
    [
        (FaultKind.THROTTLE, ("ThrottlingException", 400)),
        (FaultKind.DENIED, ("AccessDeniedException", 400)),
        (FaultKind.EXPIRED, ("ExpiredTokenException", 400)),
        (FaultKind.ERROR, ("InternalFailure", 500)),
    ],
)
def test_a_call_is_refused_as_asked_and_no_longer(
    cloud: Cloud, sqs: Any, kind: FaultKind, refusal: tuple[str, int]
) -> None:
    cloud.faults.add(Fault(kind, where="sqs.ListQueues", count=1))

    assert refused(sqs.list_queues) == refusal
    assert "QueueUrls" not in sqs.list_queues()


def test_a_fault_after_the_effect_has_the_effect(cloud: Cloud, sqs: Any) -> None:
    cloud.faults.add(Fault(FaultKind.ERROR_AFTER, where="sqs.CreateQueue", count=1))

    assert refused(sqs.create_queue, QueueName="orders") == ("InternalFailure", 500)

    assert sqs.get_queue_url(QueueName="orders")["QueueUrl"].endswith("/orders")


def test_a_token_expires_in_the_middle_of_paging(cloud: Cloud, sqs: Any) -> None:
    for number in range(6):
        sqs.create_queue(QueueName=f"q{number}")
    cloud.faults.add(Fault(FaultKind.EXPIRED, where="sqs.ListQueues", after=2))
    read: list[str] = []

    pages = iter(
        sqs.get_paginator("list_queues").paginate(PaginationConfig={"PageSize": 2})
    )
    read.extend(next(pages)["QueueUrls"])
    read.extend(next(pages)["QueueUrls"])

    with pytest.raises(ClientError, match="ExpiredToken"):
        next(pages)

    assert len(read) == 4


def test_every_page_may_be_preceded_by_an_empty_one(cloud: Cloud, sqs: Any) -> None:
    for number in range(4):
        sqs.create_queue(QueueName=f"q{number}")
    cloud.faults.add(Fault(FaultKind.EMPTY_PAGES, where="sqs.ListQueues"))

    pages = list(
        sqs.get_paginator("list_queues").paginate(PaginationConfig={"PageSize": 2})
    )

    assert [len(page.get("QueueUrls", [])) for page in pages] == [0, 2, 0, 2]


def test_a_fault_stays_in_its_account_and_its_time(
    cloud: Cloud, clock: SetClock, sqs: Any
) -> None:
    cloud.faults.add(Fault(FaultKind.THROTTLE, account="999999999999"))
    cloud.faults.add(Fault(FaultKind.ERROR, account=SHOP, until=NOW + 60))
    assert refused(sqs.list_queues)[0] == "InternalFailure"

    clock.advance(61)

    assert sqs.list_queues()["ResponseMetadata"]["HTTPStatusCode"] == 200


def test_faults_are_managed_over_http(url: str, sqs: Any) -> None:
    added = requests.post(
        f"{url}/_sandbox/faults",
        data=json.dumps({"kind": "throttle", "where": "sqs.*", "for_seconds": 60}),
        timeout=10,
    ).json()
    assert refused(sqs.list_queues)[0] == "ThrottlingException"

    requests.delete(f"{url}/_sandbox/faults/{added['id']}", timeout=10)

    sqs.list_queues()
    assert requests.get(f"{url}/_sandbox/faults", timeout=10).json() == []


@pytest.mark.parametrize("wanted", ['{"kind": "flood"}', '{"kin": "throttle"}', "[]"])
def test_a_fault_that_is_none_is_refused_with_a_sentence(url: str, wanted: str) -> None:
    answer = requests.post(f"{url}/_sandbox/faults", data=wanted, timeout=10)

    assert answer.status_code == 400
    assert answer.json()["error"]


def test_deliveries_are_lost_doubled_and_late() -> None:
    faults = Faults()
    faults.add(Fault(FaultKind.LOST, where="channel", count=1))
    faults.add(Fault(FaultKind.DUPLICATE, where="channel", count=1))
    faults.add(Fault(FaultKind.LATE, where="channel", after=1, count=1, seconds=30))

    arriving = faults.deliveries("channel", SHOP, ["a", "b", "c"], NOW)

    assert arriving == [(0.0, "b"), (0.0, "b"), (30.0, "c")]


def test_deliveries_change_their_order_and_lose_nothing() -> None:
    faults = Faults(seed=1)
    faults.add(Fault(FaultKind.REORDER, where="channel"))
    sent = list(range(20))

    arrived = [item for _, item in faults.deliveries("channel", SHOP, sent, NOW)]

    assert arrived != sent
    assert sorted(arrived) == sent
