"""Traces, logs and metrics tell of the same requests: same ids, times and ends."""

from __future__ import annotations

import json
import re
import uuid
from typing import Any

from sandbox.kernel.cloud import PAYMENTS, SHOP
from sandbox.shop.effects import NONE, Effects
from sandbox.shop.lines import Line, lines_of
from sandbox.shop.machines import Machines
from sandbox.shop.samples import Samples, Series, misses_of, samples_of
from sandbox.shop.segments import segments_of
from sandbox.shop.topology import Service
from sandbox.shop.visits import Journey
from tests.sandbox.conftest import NOW
from tests.sandbox.shop.conftest import NAMES, Journeys


def segments(journey: Journey) -> list[dict[str, Any]]:
    return [segment for _, segment in segments_of(journey, NAMES)]


def accesses(journey: Journey) -> list[dict[str, Any]]:
    """The lines that say how a service answered."""
    said = [line.message for line in lines_of(journey, NAMES) if line.message[0] == "{"]
    return [line for line in map(json.loads, said) if "duration_ms" in line]


def values(samples: Samples, name: str, *dimension: str) -> list[float]:
    return [
        value
        for series, (_, found) in samples.items()
        if series.name == name and (not dimension or dimension in series.dimensions)
        for value in found
    ]


def test_every_service_visit_has_a_segment_and_a_line(journeys: Journeys) -> None:
    (journey,) = journeys(1, "POST /checkout")
    visited = sorted(
        v.place.name for v in journey.visits() if isinstance(v.place, Service)
    )

    names = sorted(
        s["name"]
        for s in segments(journey)
        if s["origin"] not in ("AWS::Lambda", "AWS::ApiGateway::Stage")
    )

    assert names == visited
    assert sorted(line["service"] for line in accesses(journey)) == visited


def test_segments_and_lines_agree_on_trace_time_and_status(journeys: Journeys) -> None:
    (journey,) = journeys(1, "GET /search")
    by_name = {s["name"]: s for s in segments(journey)}

    for line in accesses(journey):
        segment = by_name[line["service"]]
        took_ms = (segment["end_time"] - segment["start_time"]) * 1_000
        assert line["trace_id"] == segment["trace_id"] == journey.trace_id
        assert abs(line["duration_ms"] - took_ms) < 0.01
        assert line["status"] == segment["http"]["response"]["status"]


def test_metrics_hold_the_latency_of_the_same_request(journeys: Journeys) -> None:
    (journey,) = journeys(1, "GET /search")

    found = values(samples_of([journey], NAMES), "Latency", "Service", "storefront")

    assert found == [journey.root.seconds * 1_000]


def test_each_segment_hangs_from_a_subsegment_of_its_caller(journeys: Journeys) -> None:
    (journey,) = journeys(1, "POST /checkout")
    made = segments(journey)
    calls = {sub["id"] for s in made for sub in s.get("subsegments", [])}
    own = {s["id"] for s in made}
    later = {"fulfilment", "notifications"}

    for segment in made:
        if "parent_id" in segment and segment["name"] not in later:
            assert segment["parent_id"] in calls | own


def test_each_account_hears_of_its_own_services(journeys: Journeys) -> None:
    (journey,) = journeys(1, "POST /checkout")

    names = {account: set() for account in (SHOP, PAYMENTS)}  # type: dict[str, set[str]]
    for account, segment in segments_of(journey, NAMES):
        names[account].add(segment["name"])

    assert names[PAYMENTS] == {"payments", "fraud", "ledger"}
    assert "checkout" in names[SHOP]


def test_a_function_has_two_segments(journeys: Journeys) -> None:
    (journey,) = journeys(1, "POST /cart")

    service, function = (s for s in segments(journey) if s["name"] == "cart")

    assert (service["origin"], function["origin"]) == (
        "AWS::Lambda",
        "AWS::Lambda::Function",
    )
    assert function["parent_id"] == service["id"]


def test_a_function_writes_start_end_and_report(journeys: Journeys) -> None:
    (journey,) = journeys(1, "POST /cart")
    lines = [line for line in lines_of(journey, NAMES) if line.service.name == "cart"]

    heads = [line.message.split(" ")[0] for line in lines]

    assert heads[0] == "START"
    assert heads[-2:] == ["END", "REPORT"]
    assert journey.trace_id in lines[-1].message


def test_a_line_is_written_where_its_segment_was_made(journeys: Journeys) -> None:
    (journey,) = journeys(1, "GET /search")
    tasks = {
        s["name"]: s["aws"]["ecs"]["task_arn"]
        for s in segments(journey)
        if "ecs" in s["aws"]
    }

    for line in lines_of(journey, NAMES):
        name = line.service.name
        assert line.stream == f"ecs/{name}/{tasks[name].split('/')[-1]}"


def test_a_function_is_named_as_lambda_names_it(journeys: Journeys) -> None:
    (journey,) = journeys(1, "POST /cart")

    service, function = (s for s in segments(journey) if s["name"] == "cart")

    arn = f"arn:aws:lambda:eu-west-1:{SHOP}:function:cart"
    assert service["resource_arn"] == function["aws"]["function_arn"] == arn
    stream = next(x.stream for x in lines_of(journey, NAMES) if "END" in x.message)
    assert re.fullmatch(r"2026/09/21/\[\$LATEST\][0-9a-f]{32}", stream)


def test_each_invocation_has_a_request_id_of_its_own(journeys: Journeys) -> None:
    ids = [
        s["aws"]["request_id"]
        for journey in journeys(5, "POST /checkout")
        for s in segments(journey)
        if s["origin"] == "AWS::Lambda"
    ]

    assert len(ids) == len(set(ids)) > 10
    assert all(str(uuid.UUID(each, version=4)) for each in ids)


def test_the_gateway_names_the_api_by_its_id(journeys: Journeys) -> None:
    (journey,) = journeys(1, "GET /search")
    gateway = segments(journey)[0]

    assert gateway["aws"]["api_gateway"]["rest_api_id"] == "abc123"
    assert gateway["annotations"]["aws:api_id"] == "abc123"
    url = "https://abc123.execute-api.eu-west-1.amazonaws.com/prod/search"
    assert gateway["http"]["request"]["url"] == url


def test_databases_are_called_by_their_endpoints(journeys: Journeys) -> None:
    (journey,) = journeys(1, "POST /checkout")
    called = {
        sub["name"] for s in segments(journey) for sub in s.get("subsegments", [])
    }

    assert "shop@payments-db.example" in called


def test_who_is_asked_is_found_where_it_is_registered(journeys: Journeys) -> None:
    urls = {
        s["name"]: s["http"]["request"]["url"]
        for journey in journeys(60)
        for s in segments(journey)
        if "http" in s
    }

    assert urls["catalog"].startswith("http://catalog.shop.internal/")
    assert urls["pricing"].startswith("http://pricing.shop.local/")
    assert urls["recommendations"].startswith("http://10.21.0.")
    assert urls["cart"].endswith(".amazonaws.com/2015-03-31/functions/cart/invocations")


def test_exceptions_have_ids_of_their_own(journeys: Journeys) -> None:
    outage = Effects(faults={"products": 1.0}, misses={"product-cache": 1.0})
    (journey,) = journeys(1, "GET /search", outage)

    ids = [s["cause"]["exceptions"][0]["id"] for s in segments(journey)]

    assert len(ids) == len(set(ids)) == 4


def test_balancers_report_under_the_names_they_were_given(journeys: Journeys) -> None:
    samples = samples_of(journeys(50), NAMES)
    machines = Machines(seed=1).minute(NOW, 1.0, NONE, NAMES)
    balancer = ("LoadBalancer", "app/storefront/1111")

    assert values(samples, "RequestCount", *balancer) == [1.0] * 50
    assert values(machines, "HealthyHostCount", *balancer) == [3.0]


def test_who_failed_and_whom_it_failed_is_said(journeys: Journeys) -> None:
    outage = Effects(faults={"products": 1.0}, misses={"product-cache": 1.0})
    (journey,) = journeys(1, "GET /search", outage)

    said = [json.loads(line.message) for line in lines_of(journey, NAMES)]

    assert {"catalog", "search", "storefront"} == {
        line["service"] for line in said if line["level"] == "ERROR"
    }
    assert all(s.get("fault") for s in segments(journey))


def test_a_healthy_target_has_no_sample_of_faults(journeys: Journeys) -> None:
    fine = [j for j in journeys(200) if not j.root.is_fault]

    assert values(samples_of(fine, NAMES), "HTTPCode_Target_5XX_Count") == []


def test_every_read_of_a_cache_hits_or_misses(journeys: Journeys) -> None:
    some = journeys(300, "GET /search")
    reads = values(samples_of(some, NAMES), "GetTypeCmds")

    found = misses_of(some)

    hits, misses = values(found, "CacheHits"), values(found, "CacheMisses")
    assert len(hits) + len(misses) == len(reads)
    assert misses


def cpu(samples: Samples, service: str) -> float:
    (value,) = values(samples, "CPUUtilization", "ServiceName", service)
    return value


def test_busy_machines_work_more() -> None:
    machines = Machines(seed=1)

    quiet, busy = (
        machines.minute(NOW, 0.2, NONE, NAMES),
        machines.minute(NOW, 1.8, NONE, NAMES),
    )

    assert cpu(busy, "storefront") > 1.5 * cpu(quiet, "storefront")


def test_a_leak_grows_until_the_restart() -> None:
    machines, leak = Machines(seed=1), Effects(leaks={"search": 4.0})
    for minute in range(5):
        machines.minute(NOW + 60 * minute, 1.0, leak, NAMES)
    assert machines.leaked("search") == 20.0

    machines.restart("search")

    assert machines.leaked("search") == 0.0


def test_a_line_belongs_to_a_task_of_its_service(journeys: Journeys) -> None:
    lines: list[Line] = [line for j in journeys(100) for line in lines_of(j, NAMES)]

    for line in lines:
        if line.service.name == "storefront":
            assert line.stream in {f"ecs/storefront/{n:032x}" for n in range(1, 4)}


def test_series_say_their_unit(journeys: Journeys) -> None:
    units: dict[str, set[str]] = {}
    series: Series
    for series in samples_of(journeys(200), NAMES):
        units.setdefault(series.name, set()).add(series.unit)

    assert units["TargetResponseTime"] == {"Seconds"}
    assert units["Duration"] == {"Milliseconds"}
    assert all(len(each) == 1 for each in units.values())
