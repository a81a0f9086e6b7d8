"""Records as AWS writes them, identities in all their forms, what was touched."""

from typing import Any

import pytest

from apps.audit.identities import actor_of, short_name
from apps.audit.records import MalformedRecord, document, parse, version_numbers
from apps.audit.touched import MAX_RESOURCES, resources_of
from tests.factories import ACCOUNT, OTHER_ACCOUNT, a_record

ROLE = f"arn:aws:iam::{ACCOUNT}:role/ops/deploy"
SESSION = f"arn:aws:sts::{ACCOUNT}:assumed-role/deploy/alice@shop"


def test_a_copy_for_another_account_is_another_event() -> None:
    ours, theirs = (
        parse(a_record(eventID="same", recipientAccountId=account))
        for account in (ACCOUNT, OTHER_ACCOUNT)
    )

    assert ours.id == f"same.{ACCOUNT}"
    assert theirs.id == f"same.{OTHER_ACCOUNT}"


def test_a_record_without_an_id_is_known_by_its_content() -> None:
    record = a_record(eventID=None, requestID="r-1")
    other = a_record(eventID=None, requestID="r-2")

    assert parse(record).id == parse(dict(reversed(record.items()))).id
    assert parse(record).id != parse(other).id


@pytest.mark.parametrize(
    ("fields", "account"),
    [
        ({}, ACCOUNT),
        ({"recipientAccountId": None}, ACCOUNT),
        ({"recipientAccountId": None, "userIdentity": None}, "unknown"),
        ({"recipientAccountId": OTHER_ACCOUNT}, OTHER_ACCOUNT),
    ],
)
def test_the_account_is_the_one_the_record_was_delivered_for(
    fields: dict[str, Any], account: str
) -> None:
    assert parse(a_record(**fields)).account == account


@pytest.mark.parametrize(
    ("time", "expected"),
    [
        ("2026-07-01T12:00:00Z", "2026-07-01T12:00:00+00:00"),
        ("2026-07-01T12:00:00", "2026-07-01T12:00:00+00:00"),
        ("2026-07-01T12:00:00.123Z", "2026-07-01T12:00:00.123000+00:00"),
        ("2026-07-01T14:00:00+02:00", "2026-07-01T12:00:00+00:00"),
    ],
)
def test_times_are_read_with_or_without_a_zone(time: str, expected: str) -> None:
    assert parse(a_record(eventTime=time)).time.isoformat() == expected


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"eventTime": None}, "eventTime is missing"),
        ({"eventTime": 5}, "eventTime is missing"),
        ({"eventTime": "soon"}, "'soon' is not a time"),
        ({"eventTime": "1970-01-01T00:00:00Z"}, "outside 2000 to 2199"),
        ({"eventID": ""}, "eventID"),
        ({"eventID": 5}, "eventID"),
        ({"eventID": "x" * 201}, "eventID"),
        ({"recipientAccountId": {"a": 1}}, "recipientAccountId"),
    ],
)
def test_what_lacks_what_every_record_has_is_refused(
    fields: dict[str, Any], reason: str
) -> None:
    with pytest.raises(MalformedRecord, match=reason):
        parse(a_record(**fields))


def test_versions_compare_as_numbers() -> None:
    versions = ["1.11", "1.02", "1.9", "2.0", "1.10"]

    assert sorted(versions, key=version_numbers) == [
        "1.02",
        "1.9",
        "1.10",
        "1.11",
        "2.0",
    ]
    assert version_numbers("new") == ()


@pytest.mark.parametrize(
    ("identity", "key", "session"),
    [
        ({"type": "Root", "arn": f"arn:aws:iam::{ACCOUNT}:root"}, ":root", ""),
        ({"type": "IAMUser", "arn": "arn:aws:iam::1:user/a/b"}, "user/a/b", ""),
        (
            {"type": "IAMUser", "userName": "HIDDEN_DUE_TO_SECURITY_REASONS"},
            "HIDDEN",
            "",
        ),
        (
            {
                "type": "AssumedRole",
                "arn": SESSION,
                "sessionContext": {"sessionIssuer": {"arn": ROLE}},
            },
            ROLE,
            "alice@shop",
        ),
        (
            {"type": "AssumedRole", "arn": SESSION},
            f"arn:aws:iam::{ACCOUNT}:role/deploy",
            "alice@shop",
        ),
        ({"type": "AWSService", "invokedBy": "ec2.amazonaws.com"}, "ec2.", ""),
        ({"type": "AWSAccount", "accountId": OTHER_ACCOUNT}, OTHER_ACCOUNT, ""),
        (
            {"type": "WebIdentityUser", "identityProvider": "sso", "userName": "u"},
            "sso/u",
            "",
        ),
        (
            {"type": "IdentityCenterUser", "onBehalfOf": {"userId": "94482488"}},
            "identity-center/94482488",
            "",
        ),
        ({"type": "Unknown", "principalId": "AIDA"}, "AIDA", ""),
        ({"type": "FutureKind", "arn": "arn:aws:x::1:y/z"}, "arn:aws:x::1:y/z", ""),
        ({}, "unknown", ""),
        (None, "unknown", ""),
        ("root", "unknown", ""),
        ({"type": None, "arn": 7}, "unknown", ""),
    ],
)
def test_every_identity_has_something_to_call_it_by(
    identity: object, key: str, session: str
) -> None:
    actor = actor_of(identity, ACCOUNT)

    assert key in actor.key
    assert actor.session == session


def test_a_role_is_one_actor_whatever_its_sessions_are_called() -> None:
    identities = [
        {"type": "AssumedRole", "arn": f"{SESSION}-{n}",
         "sessionContext": {"sessionIssuer": {"arn": ROLE}}}
        for n in range(3)
    ]  # fmt: skip

    assert {actor_of(one, ACCOUNT).key for one in identities} == {ROLE}


@pytest.mark.parametrize(
    ("key", "short"),
    [
        (ROLE, "ops/deploy"),
        (f"arn:aws:iam::{ACCOUNT}:root", "root"),
        ("ec2.amazonaws.com", "ec2"),
        ("alice", "alice"),
    ],
)
def test_short_names_leave_out_what_all_have(key: str, short: str) -> None:
    assert short_name(key) == short


@pytest.mark.parametrize(
    ("fields", "resource"),
    [
        ({"resources": [{"ARN": "arn:aws:kms:eu:1:key/k"}]}, "arn:aws:kms:eu:1:key/k"),
        ({"requestParameters": {"bucketName": "orders"}}, "arn:aws:s3:::orders"),
        (
            {"requestParameters": {"bucketName": "o"}, "awsRegion": "cn-north-1"},
            "arn:aws-cn:s3:::o",
        ),
        (
            {"requestParameters": {"set": {"items": [{"id": "i-0123456789abcdef0"}]}}},
            "i-0123456789abcdef0",
        ),
        ({"responseElements": {"role": {"arn": ROLE}}}, ROLE),
        ({"requestParameters": {"functionName": "checkout"}}, "checkout"),
        ({"requestParameters": {"securityGroups": ["sg-12345678"]}}, "sg-12345678"),
    ],
)  # fmt: skip
def test_touched_resources_are_found_wherever_they_stand(
    fields: dict[str, Any], resource: str
) -> None:
    assert resource in resources_of(a_record(**fields))


def test_a_record_that_names_thousands_is_bounded() -> None:
    many = {"ids": [f"i-{n:017x}" for n in range(5_000)]}

    assert len(resources_of(a_record(requestParameters=many))) == MAX_RESOURCES


def test_null_and_absent_are_told_apart() -> None:
    null, absent = ({**a_record(errorCode=None)} for _ in range(2))
    null["errorCode"] = None

    assert "errorCode" in document(parse(null), b"").record
    assert "errorCode" not in document(parse(absent), b"").record
