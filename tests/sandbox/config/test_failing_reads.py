"""What cannot be read holds up nothing else, and is never taken for gone."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from sandbox.config.reading import PRINCIPAL
from sandbox.kernel.calls import Finished
from sandbox.kernel.clock import SetClock
from sandbox.kernel.cloud import HOME_REGION, SHOP, Cloud
from tests.sandbox.config.conftest import PassTime
from tests.sandbox.config.test_recording import GROUP, Group, Record, history
from tests.sandbox.conftest import NOW, Client

QUEUE, TOPIC = "AWS::SQS::Queue", "AWS::SNS::Topic"
TWO = {"resourceTypes": [QUEUE, TOPIC]}
Break = Callable[..., Callable[[], None]]


@pytest.fixture
def broken(cloud: Cloud) -> Break:
    """Makes an operation fail for Config; gives what heals it."""

    def break_it(operation: str, code: str = "Throttling") -> Callable[[], None]:
        service = operation.split(".")[0]
        events = cloud.client(service, SHOP, HOME_REGION, PRINCIPAL).meta.events

        def refuse(**_: Any) -> None:
            raise ClientError({"Error": {"Code": code, "Message": "No."}}, operation)

        events.register(f"before-call.{operation}", refuse)
        return lambda: events.unregister(f"before-call.{operation}", refuse)

    return break_it


def status(config: Any) -> dict[str, Any]:
    (told,) = config.describe_configuration_recorder_status()[
        "ConfigurationRecordersStatus"
    ]
    return dict(told)


def ids(config: Any, kind: str) -> list[str]:
    found = config.list_discovered_resources(resourceType=kind)
    return [one["resourceId"] for one in found["resourceIdentifiers"]]


@pytest.mark.parametrize("code", ["Throttling", "NotImplementedBySandbox"])
def test_a_type_that_cannot_be_listed_leaves_the_others_alone(
    config: Any, record: Record, broken: Break, pass_time: PassTime, code: str
) -> None:
    heal = broken("sqs.ListQueues", code)
    record(TWO)
    assert ids(config, QUEUE) == []
    assert len(ids(config, TOPIC)) == 1
    told = status(config)
    assert told["lastStatus"] == "Failure"
    assert told["lastErrorCode"] == code
    assert QUEUE in told["lastErrorMessage"]

    heal()
    pass_time(61)

    assert len(ids(config, QUEUE)) == 1
    assert status(config)["lastStatus"] == "Success"


def test_a_listing_that_failed_deletes_nothing(
    config: Any, client: Client, record: Record, broken: Break, pass_time: PassTime
) -> None:
    record(TWO)
    (url,) = ids(config, QUEUE)
    broken("sqs.ListQueues")
    pass_time(61)
    pass_time(61)

    assert ids(config, QUEUE) == [url]
    assert len(history(config, url, QUEUE)) == 1


def test_a_change_that_could_not_be_read_is_read_by_the_next_sweep(
    config: Any, client: Client, record: Record, broken: Break, pass_time: PassTime
) -> None:
    record(TWO)
    (url,) = ids(config, QUEUE)
    heal = broken("sqs.GetQueueAttributes")
    client("sqs").set_queue_attributes(
        QueueUrl=url, Attributes={"VisibilityTimeout": "99"}
    )
    pass_time(2)
    assert len(history(config, url, QUEUE)) == 1
    heal()
    pass_time(61)

    newest = history(config, url, QUEUE)[0]

    assert '"VisibilityTimeout":"99"' in newest["configuration"]


def test_one_resource_that_cannot_be_read_leaves_the_rest_of_its_type_alone(
    config: Any, client: Client, record: Record, cloud: Cloud
) -> None:
    bad = client("sqs").create_queue(QueueName="a-bad")["QueueUrl"]
    events = cloud.client("sqs", SHOP, HOME_REGION, PRINCIPAL).meta.events

    def refuse(params: Any, **_: Any) -> None:
        if bad in str(params):
            raise ClientError(
                {"Error": {"Code": "Throttling", "Message": "No."}},
                "GetQueueAttributes",
            )

    events.register("before-call.sqs.GetQueueAttributes", refuse)
    record(TWO)

    assert [url.rpartition("/")[2] for url in ids(config, QUEUE)] == ["inbox"]


@pytest.fixture
def slow(cloud: Cloud, clock: SetClock) -> None:
    """Every read of Config takes 0.1 s."""

    def take_time(finished: Finished) -> None:
        if finished.call.principal.name == PRINCIPAL:
            clock.advance(0.1)

    cloud.on_call(take_time)


@pytest.mark.usefixtures("slow")
def test_much_work_is_done_in_slices(
    config: Any, client: Client, record: Record, cloud: Cloud, clock: SetClock
) -> None:
    for number in range(5):
        client("sns").create_topic(Name=f"topic-{number}")
    record({"resourceTypes": [TOPIC]})
    assert clock.now() < NOW + 3
    assert 0 < len(ids(config, TOPIC)) < 6

    runs = 0
    while len(ids(config, TOPIC)) < 6:
        runs += 1
        before = clock.now()
        cloud.timers.run_due()
        assert clock.now() - before < 0.5

    assert runs >= 3


@pytest.mark.usefixtures("slow")
def test_a_recorder_stopped_half_way_records_no_more(
    config: Any, client: Client, record: Record, pass_time: PassTime
) -> None:
    for number in range(5):
        client("sns").create_topic(Name=f"topic-{number}")
    record({"resourceTypes": [TOPIC]})
    at_first = ids(config, TOPIC)
    config.stop_configuration_recorder(ConfigurationRecorderName="default")
    pass_time(1)
    pass_time(1)

    assert ids(config, TOPIC) == at_first


def test_a_fault_in_one_look_does_not_end_the_others(
    config: Any, record: Record, group: Group, cloud: Cloud, pass_time: PassTime
) -> None:
    """A bug, not an error of AWS: it is raised, and the work goes on."""
    events = cloud.client("sns", SHOP, HOME_REGION, PRINCIPAL).meta.events

    def stumble(**_: Any) -> None:
        raise KeyError("stumbled")

    events.register("before-call.sns.ListTopics", stumble)
    web = group()
    with pytest.raises(KeyError):
        record({"resourceTypes": [TOPIC, QUEUE, GROUP]})
    pass_time(0)

    assert len(history(config, web)) == 1
    assert len(ids(config, QUEUE)) == 1
