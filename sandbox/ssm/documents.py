"""Documents: AWS's own, and those users made, which moto keeps."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import yaml
from moto.backends import get_backend
from moto.core.exceptions import ServiceException

from sandbox.kernel.calls import Answer, Call
from sandbox.kernel.errors import ApiError
from sandbox.kernel.paging import page
from sandbox.ssm.runbooks import RUNBOOKS

_CREATED = 1_500_000_000.0
_MOST = 50
_PLATFORMS = ["Windows", "Linux", "MacOS"]
_DEFAULT = 10


def get(call: Call) -> Answer:
    given = call.parameters
    name = given["Name"]
    if name in RUNBOOKS:
        wanted = given.get("DocumentFormat") or "JSON"
        write = yaml.safe_dump if wanted == "YAML" else json.dumps
        return {
            "Name": name,
            "CreatedDate": _CREATED,
            "DocumentVersion": "1",
            "Status": "Active",
            "Content": write(RUNBOOKS[name]),
            "DocumentType": "Automation",
            "DocumentFormat": wanted,
        }
    try:
        return _with_numbers(
            _backend(call).get_document(
                name,
                given.get("DocumentVersion"),
                given.get("VersionName"),
                given.get("DocumentFormat") or "JSON",
            )
        )
    except ServiceException as error:
        raise ApiError(error.code, error.message) from error


def describe(call: Call) -> Answer:
    name = call.parameters["Name"]
    if name in RUNBOOKS:
        return {"Document": _description(name)}
    try:
        found = _backend(call).describe_document(
            name,
            call.parameters.get("DocumentVersion"),
            call.parameters.get("VersionName"),
        )
    except ServiceException as error:
        raise ApiError(error.code, error.message) from error
    return {"Document": _with_numbers(found)}


def list_all(call: Call) -> Answer:
    given = call.parameters
    filters = given.get("Filters") or []
    others = [one for one in filters if one["Key"] != "Owner"]
    owners = [v for one in filters if one["Key"] == "Owner" for v in one["Values"]]
    found = []
    if not owners or "Amazon" in owners:
        found += [_identifier(name) for name in RUNBOOKS if _is_asked(name, others)]
    if not owners or "Self" in owners:
        own, _ = _backend(call).list_documents(None, others, 10_000, "0")
        found += [_with_numbers(one) for one in own]
    size = given.get("MaxResults") or _DEFAULT
    items, token = page(found, given.get("NextToken"), size, _MOST)
    more = {"NextToken": token} if token else {}
    return {"DocumentIdentifiers": list(items), **more}


def automation(call: Call, name: str, version: str | None) -> tuple[Any, str]:
    """An automation document and its version.

    Raises AutomationDefinitionNotFoundException.
    """
    if name in RUNBOOKS:
        return RUNBOOKS[name], "1"
    wanted = None if version in {None, "$DEFAULT"} else version
    try:
        found = _backend(call).get_document(name, wanted, None, "JSON")
    except ServiceException as error:
        raise ApiError(
            "AutomationDefinitionNotFoundException",
            f"The automation definition {name} was not found.",
        ) from error
    if found["DocumentType"] != "Automation":
        raise ApiError(
            "AutomationDefinitionNotFoundException", f"{name} is no automation."
        )
    return json.loads(found["Content"]), str(found["DocumentVersion"])


def _backend(call: Call) -> Any:
    return get_backend("ssm")[call.account][call.region]


def _with_numbers(found: Mapping[str, Any]) -> dict[str, Any]:
    """What moto answers, with times as numbers and AWS's words for platforms."""
    shown = {
        name: value.timestamp() if isinstance(value, datetime) else value
        for name, value in found.items()
        if value is not None
    }
    return {**shown, "PlatformTypes": _PLATFORMS} if "PlatformTypes" in shown else shown


def _is_asked(name: str, filters: list[Mapping[str, Any]]) -> bool:
    for one in filters:
        if one["Key"] == "Name" and not name.startswith(tuple(one["Values"])):
            return False
        if one["Key"] == "DocumentType" and "Automation" not in one["Values"]:
            return False
    return True


def _identifier(name: str) -> dict[str, Any]:
    return {
        "Name": name,
        "CreatedDate": _CREATED,
        "Owner": "Amazon",
        "PlatformTypes": _PLATFORMS,
        "DocumentVersion": "1",
        "DocumentType": "Automation",
        "SchemaVersion": "0.3",
        "DocumentFormat": "JSON",
        "Tags": [],
    }


def _description(name: str) -> dict[str, Any]:
    document = RUNBOOKS[name]
    parameters = [
        {
            "Name": parameter,
            "Type": "StringList" if how["type"] == "StringList" else "String",
            "Description": how["description"],
            **({"DefaultValue": _text(how["default"])} if "default" in how else {}),
        }
        for parameter, how in document["parameters"].items()
    ]
    return {
        **_identifier(name),
        "Hash": hashlib.sha256(json.dumps(document).encode()).hexdigest(),
        "HashType": "Sha256",
        "Status": "Active",
        "Description": document["description"],
        "Parameters": parameters,
        "LatestVersion": "1",
        "DefaultVersion": "1",
    }


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)
