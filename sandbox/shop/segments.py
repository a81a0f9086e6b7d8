"""The X-Ray segments of a journey. Pure.

Source of the fields: AWS X-Ray Developer Guide, "X-Ray segment documents".
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from sandbox.kernel.cloud import HOME_REGION, SHOP
from sandbox.shop.names import Names
from sandbox.shop.topology import (
    API,
    PORT,
    STAGE,
    Registry,
    Runtime,
    Service,
    Store,
    StoreKind,
)
from sandbox.shop.visits import Journey, Visit

Document = dict[str, Any]

_THROTTLED, _ERROR, _FAULT = 429, 400, 500


def segments_of(journey: Journey, names: Names) -> Iterator[tuple[str, Document]]:
    """Account and segment, for the gateway and every service that was visited."""
    yield SHOP, _gateway(journey, names)
    # The storefront is called by the gateway, everyone else by a service.
    for visit in journey.visits():
        if isinstance(visit.place, Service):
            yield from _segments(journey, visit, visit.place, names)


def _gateway(journey: Journey, names: Names) -> Document:
    root = journey.root
    method, path = root.action.split(" ", 1)
    overhead = 0.004
    host = f"{names.api_id}.execute-api.{HOME_REGION}.amazonaws.com"
    request = {
        "method": method,
        "url": f"https://{host}/{STAGE}{path}",
        "client_ip": journey.client_ip,
        "user_agent": "Mozilla/5.0",
    }
    stage = f"/restapis/{names.api_id}/stages/{STAGE}"
    api = {
        "account_id": SHOP,
        "request_id": journey.request_id,
        "rest_api_id": names.api_id,
        "stage": STAGE,
    }
    return {
        "trace_id": journey.trace_id,
        "id": journey.gateway_id,
        "name": f"{API}/{STAGE}",
        "origin": "AWS::ApiGateway::Stage",
        "start_time": _time(root.start - overhead),
        "end_time": _time(root.end + overhead),
        "http": {"request": request, "response": {"status": root.status}},
        "resource_arn": f"arn:aws:apigateway:{HOME_REGION}::{stage}",
        "aws": {"api_gateway": api},
        "annotations": {"aws:api_id": names.api_id, "aws:api_stage": STAGE},
        "subsegments": [_call(root, names)],
        **_outcome(root.status, journey.gateway_id),
    }


def _segments(
    journey: Journey, visit: Visit, service: Service, names: Names
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
            "request": _request(visit, names),
            "response": {"status": visit.status},
        },
        "annotations": {"request_id": journey.request_id, "route": visit.action},
        "aws": _aws_of(visit, service, names),
        **_outcome(visit.status, visit.id),
    }
    calls = [_call(child, names) for child in visit.children]
    if calls:
        document["subsegments"] = calls
    if service.runtime is Runtime.LAMBDA:
        yield service.account, _lambda_service(document, visit, names)
    yield service.account, document


def _lambda_service(function: Document, visit: Visit, names: Names) -> Document:
    """Lambda sends a segment of its own, in front of the function's."""
    service_id = f"{int(visit.id, 16) ^ 1:016x}"
    segment = {
        key: function[key]
        for key in ("trace_id", "parent_id", "name", "start_time", "end_time", "http")
    }
    function["parent_id"] = service_id
    del function["http"]
    return {
        **segment,
        "id": service_id,
        "origin": "AWS::Lambda",
        "resource_arn": names.functions[visit.place.name].arn,
        "aws": {"request_id": visit.request_id},
        **_outcome(visit.status, service_id),
    }


def _aws_of(visit: Visit, service: Service, names: Names) -> Document:
    """Source of the members of `ecs`: X-Ray's AWS resource data, and what the agent
    of OpenTelemetry adds to it."""
    logs = [{"log_group": service.log_group}]
    if service.runtime is Runtime.LAMBDA:
        function = names.functions[service.name]
        return {
            "account_id": service.account,
            "function_arn": function.arn,
            "function_version": function.version,
            "request_id": visit.request_id,
            "cloudwatch_logs": logs,
        }
    task = names.task_of(service.name, int(visit.id, 16))
    ecs = {
        "container": task.hostname,
        "container_name": service.name,
        "container_id": task.container_id,
        "container_arn": f"{task.arn.replace(':task/', ':container/')}/{service.name}",
        "task_arn": task.arn,
        "task_definition": task.definition,
    }
    return {"account_id": service.account, "ecs": ecs, "cloudwatch_logs": logs}


def _request(visit: Visit, names: Names) -> Document:
    """How a service is asked: a function over Lambda's API, what is found in the
    table at a task's address, all others by their name."""
    service = visit.place
    method, _, path = visit.action.rpartition(" ")
    if isinstance(service, Service) and service.runtime is Runtime.LAMBDA:
        invoke = f"2015-03-31/functions/{service.name}/invocations"
        url = f"https://lambda.{HOME_REGION}.amazonaws.com/{invoke}"
        return {"method": "POST", "url": url}
    path = path if method else "/"
    return {"method": method or "POST", "url": f"http://{_host(visit, names)}{path}"}


def _host(visit: Visit, names: Names) -> str:
    service = visit.place
    if isinstance(service, Service) and service.registry is not Registry.TABLE:
        return service.host
    return f"{names.task_of(service.name, int(visit.id, 16)).address}:{PORT}"


def _call(visit: Visit, names: Names) -> Document:
    """The caller's subsegment of a visit."""
    base: Document = {
        "id": visit.call_id,
        "start_time": _time(visit.start),
        "end_time": _time(visit.end),
        **_outcome(visit.status, visit.call_id),
    }
    if isinstance(visit.place, Service):
        request = {**_request(visit, names), "traced": True}
        http = {"request": request, "response": {"status": visit.status}}
        # A subsegment without its callee's segment is drawn by its name.
        return {**base, "name": visit.place.name, "namespace": "remote", "http": http}
    return {**base, **_STORES[visit.place.kind](visit.place, visit, names)}


def _dynamodb(store: Store, visit: Visit, names: Names) -> Document:
    aws = {"operation": visit.action, "table_name": store.name, "region": HOME_REGION}
    return {"name": "DynamoDB", "namespace": "aws", "aws": aws}


def _sqs(store: Store, visit: Visit, names: Names) -> Document:
    url = f"https://sqs.{HOME_REGION}.amazonaws.com/{store.account}/{store.name}"
    aws = {"operation": visit.action, "queue_url": url, "region": HOME_REGION}
    return {"name": "SQS", "namespace": "aws", "aws": aws}


def _sns(store: Store, visit: Visit, names: Names) -> Document:
    topic = f"arn:aws:sns:{HOME_REGION}:{store.account}:{store.name}"
    aws = {"operation": visit.action, "topic_arn": topic, "region": HOME_REGION}
    return {"name": "SNS", "namespace": "aws", "aws": aws}


def _sql(store: Store, visit: Visit, names: Names) -> Document:
    host = names.hosts[store.name]
    sql = {
        "url": f"jdbc:postgresql://{host}:5432/shop",
        "database_type": "PostgreSQL",
        "sanitized_query": f"{visit.action} ...",
        "user": "shop",
    }
    return {"name": f"shop@{host}", "namespace": "remote", "sql": sql}


def _cache(store: Store, visit: Visit, names: Names) -> Document:
    return {"name": names.hosts[store.name], "namespace": "remote"}


_STORES: Mapping[StoreKind, Callable[[Store, Visit, Names], Document]] = {
    StoreKind.DYNAMODB: _dynamodb,
    StoreKind.SQS: _sqs,
    StoreKind.SNS: _sns,
    StoreKind.RDS: _sql,
    StoreKind.CACHE: _cache,
}


def _outcome(status: int, segment_id: str) -> Document:
    """The exception's id is made of the segment's, which is random."""
    if status >= _FAULT:
        exception = hashlib.blake2b(segment_id.encode(), digest_size=8).hexdigest()
        thrown = {"id": exception, "type": _TYPES.get(status, "Error")}
        return {"fault": True, "cause": {"exceptions": [thrown]}}
    if status == _THROTTLED:
        return {"error": True, "throttle": True}
    return {"error": True} if status >= _ERROR else {}


_TYPES: Mapping[int, str] = {500: "InternalError", 502: "DependencyFailed"}


def _time(seconds: float) -> float:
    return round(seconds, 6)
