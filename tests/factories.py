"""Plain functions that make what tests are about."""

from __future__ import annotations

import gzip
import json
import uuid
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

import orjson

from apps.audit.records import document, parse
from apps.discovery.accounts import note_accounts
from apps.discovery.models import Account, Grant, User
from apps.discovery.roles import Role
from apps.search.documents import Document

NOON = datetime(2026, 7, 1, 12, tzinfo=UTC)
ACCOUNT = "111122223333"
OTHER_ACCOUNT = "444455556666"


def a_record(**fields: Any) -> dict[str, Any]:
    """A CloudTrail record; None leaves a field out."""
    record = {
        "eventVersion": "1.09",
        "userIdentity": {
            "type": "IAMUser",
            "principalId": "AIDAEXAMPLE",
            "arn": f"arn:aws:iam::{ACCOUNT}:user/alice",
            "accountId": ACCOUNT,
            "userName": "alice",
        },
        "eventTime": "2026-07-01T12:00:00Z",
        "eventSource": "s3.amazonaws.com",
        "eventName": "GetObject",
        "awsRegion": "eu-west-1",
        "sourceIPAddress": "10.0.0.1",
        "userAgent": "aws-cli/2.15",
        "requestParameters": {"bucketName": "orders"},
        "eventID": str(uuid.uuid4()),
        "readOnly": True,
        "recipientAccountId": ACCOUNT,
    }
    record |= fields
    return {
        name: value
        for name, value in record.items()
        if value is not None or name not in fields
    }


def an_event(**fields: Any) -> Document:
    """A stored form of a record, as an import makes it."""
    record = a_record(**fields)
    return document(parse(record), orjson.dumps(record))


def a_log(records: Iterable[Mapping[str, Any]]) -> bytes:
    """A log file as CloudTrail delivers it, before it is compressed."""
    return json.dumps({"Records": list(records)}, separators=(",", ":")).encode()


def gzipped(content: bytes) -> bytes:
    return gzip.compress(content, 1, mtime=0)


def a_user(
    name: str = "ann", role: Role | None = Role.VIEWER, account: str | None = None
) -> User:
    """A person with one role: in one account, or without one everywhere."""
    user = User.objects.create_user(name, password="correct horse battery")
    if role is not None:
        if account is not None:
            note_accounts([account])
        Grant.objects.create(user=user, role=role, account_id=account)
    return user


def an_account(number: str = ACCOUNT, **fields: Any) -> Account:
    return Account.objects.create(number=number, **fields)
