"""A call as CloudTrail records it. Pure.

Source of the fields: AWS CloudTrail User Guide, "CloudTrail record contents", 1.11.
Request parameters keep AWS's member names with a small first letter; lists of EC2 are
wrapped in `items`, as EC2's own records are.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from moto.core.utils import get_service_model

from sandbox.cloudtrail import names
from sandbox.kernel.calls import Call, Finished
from sandbox.kernel.principals import Principal, PrincipalKind

Record = dict[str, Any]

_VERSION = "1.11"


def is_recorded(call: Call) -> bool:
    """Whether a call is recorded at all: on the estate, or on data that trails can ask
    for. What services only look at for themselves is not."""
    is_service = call.principal.kind is PrincipalKind.SERVICE
    if is_data(call):
        # CloudTrail's own deliveries would cause deliveries for ever.
        return (
            _data_resource(call) is not None and call.principal.name != names.CLOUDTRAIL
        )
    return not (is_service and is_read(call.operation))


def is_data(call: Call) -> bool:
    """Whether a call is on data and not on the estate."""
    return call.operation.startswith(names.DATA_EVENTS.get(call.service, ("\0",)))


def _of_data(call: Call) -> Record:
    kind, arn = _data_resource(call) or ("", "")
    resource = {"type": kind, "ARN": arn}
    return {
        "managementEvent": False,
        "eventCategory": "Data",
        "resources": [resource],
    }


def _data_resource(call: Call) -> tuple[str, str] | None:
    """Type and ARN of what a call on data is about; None for data that is not
    recorded."""
    parameters = call.parameters
    if call.service == "s3" and parameters.get("Key"):
        return names.OBJECT, f"arn:aws:s3:::{parameters['Bucket']}/{parameters['Key']}"
    if call.service == "lambda" and parameters.get("FunctionName"):
        name = str(parameters["FunctionName"]).split(":")[-1]
        return names.FUNCTION, call.arn(f"function:{name}")
    if call.service == "dynamodb" and parameters.get("TableName"):
        return names.TABLE, call.arn(f"table/{parameters['TableName']}")
    return None


def is_read(operation: str) -> bool:
    return operation.startswith(names.READS) or operation in names.ALSO_READS


def of(finished: Finished) -> Iterator[Record]:
    """The records of a call: one, or two where it crosses accounts."""
    call = finished.call
    if not is_recorded(call):
        return
    record = _record(finished)
    other = _other_account(call)
    if other and finished.error is None:
        record["sharedEventID"] = str(uuid.uuid4())
        yield record
        yield _as_seen_by(record, call, other)
    else:
        yield record


def _record(finished: Finished) -> Record:
    call, error = finished.call, finished.error
    record: Record = {
        "eventVersion": _VERSION,
        "userIdentity": identity(call.principal),
        "eventTime": timestamp(call.now),
        "eventSource": _source(call.service),
        "eventName": names.EVENT_NAMES.get(
            (call.service, call.operation), call.operation
        ),
        "awsRegion": _region(call),
        "sourceIPAddress": _source_address(call),
        "userAgent": call.user_agent or call.principal.name,
        "requestParameters": _request_parameters(call),
        "responseElements": _response_elements(finished),
        "requestID": call.request_id,
        "eventID": str(uuid.uuid4()),
        "readOnly": is_read(call.operation),
        "eventType": "AwsApiCall",
        "managementEvent": True,
        "recipientAccountId": call.account,
        "eventCategory": "Management",
    }
    if is_data(call):
        record.update(_of_data(call))
    if error is not None:
        record["errorCode"] = error.code
        record["errorMessage"] = error.message
    return record


def timestamp(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def identity(who: Principal) -> Record:
    """`userIdentity` of a caller."""
    if who.kind is PrincipalKind.SERVICE:
        return {"type": who.kind.value, "invokedBy": who.name}
    if who.kind is PrincipalKind.USER:
        return {
            "type": who.kind.value,
            "principalId": who.principal_id,
            "arn": who.arn,
            "accountId": who.account,
            "accessKeyId": who.access_key_id,
            "userName": who.name,
        }
    return {
        "type": who.kind.value,
        "principalId": f"{who.principal_id}:{who.session_name}",
        "arn": who.arn,
        "accountId": who.account,
        "accessKeyId": who.access_key_id,
        "sessionContext": {
            "sessionIssuer": {
                "type": "Role",
                "principalId": who.principal_id,
                "arn": who.role_arn,
                "accountId": who.account,
                "userName": who.name,
            },
            "attributes": {
                "creationDate": timestamp(who.issued_at),
                "mfaAuthenticated": "false",
            },
        },
    }


def _source(service: str) -> str:
    return f"{get_service_model(service).endpoint_prefix}.amazonaws.com"


def _region(call: Call) -> str:
    is_global = call.service in names.GLOBAL_SERVICES
    return names.GLOBAL_REGION if is_global else call.region


def _source_address(call: Call) -> str:
    is_service = call.principal.kind is PrincipalKind.SERVICE
    return call.principal.name if is_service else call.source_ip


def _request_parameters(call: Call) -> Any:
    if not call.parameters:
        return None
    shown = _shown(call.parameters, call.service)
    if call.service == "s3":
        return _of_bucket(shown)
    return shown


def _of_bucket(shown: Record) -> Record:
    """S3 names the bucket and gives policies as what they are, not as text."""
    if "bucket" in shown:
        shown["bucketName"] = shown.pop("bucket")
    policy = shown.pop("policy", None)
    if isinstance(policy, str):
        shown["bucketPolicy"] = _parsed(policy)
    return shown


def _parsed(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text


def _response_elements(finished: Finished) -> Any:
    """What was changed. Reads, and refusals, have none."""
    call = finished.call
    if finished.error or (is_read(call.operation) and call.operation != "AssumeRole"):
        return None
    shown = _shown(finished.answer, call.service)
    if call.service == "ec2":
        return {"requestId": call.request_id, "_return": True, **shown}
    return shown or None


def _shown(value: Any, service: str) -> Any:
    if isinstance(value, Mapping):
        return {
            _small(key): names.HIDDEN
            if _small(key) in names.SECRETS
            else (_shown(item, service))
            for key, item in value.items()
        }
    if isinstance(value, list | tuple):
        items = [_shown(item, service) for item in value]
        return {"items": items} if service == "ec2" else items
    if isinstance(value, datetime):
        return value.strftime("%b %-d, %Y %-I:%M:%S %p")
    if isinstance(value, bytes):
        return None
    return value


def _small(name: str) -> str:
    return name[:1].lower() + name[1:]


def _other_account(call: Call) -> str:
    """The account of a role that somebody of another account assumes."""
    if call.operation != "AssumeRole":
        return ""
    account = str(call.parameters.get("RoleArn", "")).split(":")[4:5]
    return account[0] if account and account[0] != call.account else ""


def _as_seen_by(record: Record, call: Call, account: str) -> Record:
    """The owner of the role sees who came only by account."""
    return {
        **record,
        "eventID": str(uuid.uuid4()),
        "recipientAccountId": account,
        "userIdentity": {
            "type": "AWSAccount",
            "principalId": call.principal.principal_id,
            "accountId": call.account,
        },
    }


def resources_of(record: Record) -> list[dict[str, str]]:
    """Names and types of what a record is about, for LookupEvents."""
    found: dict[tuple[str, str], None] = {}
    for part in (record.get("requestParameters"), record.get("responseElements")):
        for member, value in (part or {}).items():
            kind = names.RESOURCE_MEMBERS.get(member)
            if kind and isinstance(value, str) and value:
                found[kind, value] = None
    if record["eventSource"] == "cloudtrail.amazonaws.com":
        trail = (record.get("requestParameters") or {}).get("name")
        if trail:
            found["AWS::CloudTrail::Trail", trail] = None
    return [{"ResourceType": kind, "ResourceName": name} for kind, name in found]
