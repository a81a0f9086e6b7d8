"""The X-Ray segments of a journey. Pure.

Source of the fields: AWS X-Ray Developer Guide, "X-Ray segment documents".
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from sandbox.kernel.cloud import HOME_REGION, SHOP
from sandbox.shop.topology import API, STAGE, Runtime, Service, Store, StoreKind
from sandbox.shop.visits import Journey, Visit

Document = dict[str, Any]

_THROTTLED, _ERROR, _FAULT = 429, 400, 500


def segments_of(journey: Journey) -> Iterator[tuple[str, Document]]:
    """Account and segment, for the gateway and every service that was visited."""
    yield SHOP, _gateway(journey)
    # The storefront is called by the gateway, everyone else by a service.
    for visit in journey.visits():
        if isinstance(visit.place, Service):
            yield from _segments(journey, visit, visit.place)


def _gateway(journey: Journey) -> Document:
    root = journey.root
    method, path = root.action.split(" ", 1)
    overhead = 0.004
    request = {
        "method": method,
        "url": f"https://api.shop.example{path}",
        "client_ip": journey.client_ip,
        "user_agent": "Mozilla/5.0",
    }
    return {
        "trace_id": journey.trace_id,
        "id": journey.gateway_id,
        "name": f"{API}/{STAGE}",
        "origin": "AWS::ApiGateway::Stage",
        "start_time": _time(root.start - overhead),
        "end_time": _time(root.end + overhead),
        "http": {"request": request, "response": {"status": root.status}},
        "aws": {"api_gateway": {"rest_api_id": API, "stage": STAGE}},
        "annotations": {"aws:api_id": API, "aws:api_stage": STAGE},
        "subsegments": [_call(root)],
        **_outcome(root.status),
    }


def _segments(
    journey: Journey, visit: Visit, service: Service
) -> Iterator[tuple[str, Document]]:
    document: Document = {
        "trace_id": journey.trace_id,
        "id": visit.id,
        "parent_id": visit.call_id,
        "name": service.name,
        "origin": service.runtime.value,
        "start_time": _time(visit.start),
        "end_time": _time(visit.end),
        "http": {
            "request": {"method": _method(visit), "url": _url(visit)},
            "response": {"status": visit.status},
        },
        "annotations": {"request_id": journey.request_id, "route": visit.action},
        "aws": _aws_of(service),
        **_outcome(visit.status),
    }
    calls = [_call(child) for child in visit.children]
    if calls:
        document["subsegments"] = calls
    if service.runtime is Runtime.LAMBDA:
        yield service.account, _lambda_service(document, visit)
    yield service.account, document


def _lambda_service(function: Document, visit: Visit) -> Document:
    """Lambda sends a segment of its own, in front of the function's."""
    service_id = f"{int(visit.id, 16) ^ 1:016x}"
    segment = {
        key: function[key]
        for key in ("trace_id", "parent_id", "name", "start_time", "end_time", "http")
    }
    function["parent_id"] = service_id
    del function["http"]
    place = visit.place
    arn = f"arn:aws:lambda:{HOME_REGION}:{place.account}:function:{place.name}"
    return {
        **segment,
        "id": service_id,
        "origin": "AWS::Lambda",
        "resource_arn": arn,
        **_outcome(visit.status),
    }


def _aws_of(service: Service) -> Document:
    if service.runtime is Runtime.LAMBDA:
        return {"account_id": service.account, "function_arn": service.name}
    return {"account_id": service.account, "ecs": {"container": service.name}}


def _method(visit: Visit) -> str:
    return visit.action.split(" ", 1)[0] if " " in visit.action else "POST"


def _url(visit: Visit) -> str:
    path = visit.action.split(" ", 1)[1] if " " in visit.action else "/"
    host = visit.place.host if isinstance(visit.place, Service) else visit.place.name
    return f"http://{host}{path}"


def _call(visit: Visit) -> Document:
    """The caller's subsegment of a visit."""
    base: Document = {
        "id": visit.call_id,
        "start_time": _time(visit.start),
        "end_time": _time(visit.end),
        **_outcome(visit.status),
    }
    if isinstance(visit.place, Service):
        request = {"method": _method(visit), "url": _url(visit), "traced": True}
        http = {"request": request, "response": {"status": visit.status}}
        # A subsegment without its callee's segment is drawn by its name.
        return {**base, "name": visit.place.name, "namespace": "remote", "http": http}
    return {**base, **_STORES[visit.place.kind](visit.place, visit)}


def _dynamodb(store: Store, visit: Visit) -> Document:
    aws = {"operation": visit.action, "table_name": store.name, "region": HOME_REGION}
    return {"name": "DynamoDB", "namespace": "aws", "aws": aws}


def _sqs(store: Store, visit: Visit) -> Document:
    url = f"https://sqs.{HOME_REGION}.amazonaws.com/{store.account}/{store.name}"
    aws = {"operation": visit.action, "queue_url": url, "region": HOME_REGION}
    return {"name": "SQS", "namespace": "aws", "aws": aws}


def _sns(store: Store, visit: Visit) -> Document:
    topic = f"arn:aws:sns:{HOME_REGION}:{store.account}:{store.name}"
    aws = {"operation": visit.action, "topic_arn": topic, "region": HOME_REGION}
    return {"name": "SNS", "namespace": "aws", "aws": aws}


def _sql(store: Store, visit: Visit) -> Document:
    host = f"{store.name}.c1.{HOME_REGION}.rds.amazonaws.com"
    sql = {
        "url": f"jdbc:postgresql://{host}:5432/shop",
        "database_type": "PostgreSQL",
        "sanitized_query": f"{visit.action} ...",
        "user": "shop",
    }
    return {"name": f"shop@{host}", "namespace": "remote", "sql": sql}


def _cache(store: Store, visit: Visit) -> Document:
    name = f"{store.name}.c1.euw1.cache.amazonaws.com"
    return {"name": name, "namespace": "remote"}


_STORES: Mapping[StoreKind, Callable[[Store, Visit], Document]] = {
    StoreKind.DYNAMODB: _dynamodb,
    StoreKind.SQS: _sqs,
    StoreKind.SNS: _sns,
    StoreKind.RDS: _sql,
    StoreKind.CACHE: _cache,
}


def _outcome(status: int) -> Document:
    if status >= _FAULT:
        cause = {"exceptions": [{"id": "0" * 16, "type": _TYPES.get(status, "Error")}]}
        return {"fault": True, "cause": cause}
    if status == _THROTTLED:
        return {"error": True, "throttle": True}
    return {"error": True} if status >= _ERROR else {}


_TYPES: Mapping[int, str] = {500: "InternalError", 502: "DependencyFailed"}


def _time(seconds: float) -> float:
    return round(seconds, 6)
