"""Empty pages that are not the last, for every operation that pages."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

from botocore.exceptions import DataNotFoundError
from botocore.loaders import Loader
from moto.core.model import OperationModel

from sandbox.kernel.calls import Answer, Call
from sandbox.kernel.faults import FaultKind, Faults

_MARK = "empty-page:"


@dataclass(frozen=True, slots=True)
class Page:
    """Either an empty answer, or the call as it is to be carried out."""

    call: Call
    answer: Answer | None = None


# Operations that page without a paginator in botocore.
_MORE: Mapping[str, Mapping[str, tuple[str, str]]] = {
    "config": {
        "GetDiscoveredResourceCounts": ("nextToken", "resourceCounts"),
    },
    "events": {
        "ListEventBuses": ("NextToken", "EventBuses"),
        "ListRuleNamesByTarget": ("NextToken", "RuleNames"),
    },
    "logs": {
        "DescribeQueryDefinitions": ("nextToken", "queryDefinitions"),
        "ListLogGroups": ("nextToken", "logGroups"),
    },
}


def _paging(service: str, operation: str) -> Mapping[str, Any] | None:
    if operation in _MORE.get(service, {}):
        token, results = _MORE[service][operation]
        return {"input_token": token, "output_token": token, "result_key": results}
    return _paginators(service).get(operation)


@cache
def _paginators(service: str) -> Mapping[str, Any]:
    try:
        found: Mapping[str, Any] = Loader().load_service_model(service, "paginators-1")
    except DataNotFoundError:
        return {}
    pagination: Mapping[str, Any] = found["pagination"]
    return pagination


def of(operation: OperationModel, call: Call, faults: Faults) -> Page:
    """The page this call gets where the fault `empty-pages` is in force.

    Every page is preceded by one without results, whose token stands for the page
    that was asked for.
    """
    paging = _paging(call.service, call.operation)
    if paging is None or not isinstance(paging["input_token"], str):
        return Page(call)
    name = paging["input_token"]
    token = call.parameters.get(name) or ""
    if isinstance(token, str) and token.startswith(_MARK):
        return Page(_asking_for(call, name, token.removeprefix(_MARK)))
    where = f"{call.service}.{call.operation}"
    if not faults.strike(FaultKind.EMPTY_PAGES, where, call.account, call.now):
        return Page(call)
    results = paging["result_key"]
    keys = [results] if isinstance(results, str) else results
    empty: dict[str, Any] = {key: [] for key in keys if _is_list(operation, key)}
    empty[paging["output_token"].split(" ")[0]] = f"{_MARK}{token}"
    return Page(call, empty)


def _is_list(operation: OperationModel, key: str) -> bool:
    shape = operation.output_shape
    member = shape.members.get(key) if shape is not None else None
    return member is not None and member.type_name == "list"


def _asking_for(call: Call, name: str, token: str) -> Call:
    parameters = {k: v for k, v in call.parameters.items() if k != name}
    if token:
        parameters[name] = token
    return replace(call, parameters=parameters)
