"""CloudTrail log files of a shop that does not exist: the same at every run.

About 1.9 KB and 48 leaves an event, in the shapes and proportions of a busy account;
1 % are delivered twice. `python -m bench.events FOLDER COUNT` writes them.
"""

import gzip
import random
import sys
import zlib
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import orjson

START = datetime(2026, 7, 1, tzinfo=UTC)
DAYS = 7
A_FILE = 5_000
_TWICE = 0.01

_SERVICES = (
    "checkout", "cart", "payments", "search", "catalog", "orders", "billing", "login",
    "mail", "stock",
)  # fmt: skip
_ROLES = [f"svc-{a}-{b}" for a in _SERVICES for b in ("task", "deploy", "lambda")]
_ACCOUNTS = [f"{100_000_000_000 + 37_031 * at}" for at in range(6)]
_REGIONS = (
    "us-east-1",
    "us-east-1",
    "us-east-1",
    "eu-west-1",
    "eu-west-1",
    "ap-south-1",
)
_BUCKETS = [f"shop-{a}-{b}" for a in _SERVICES for b in ("prod", "stage", "dev")]
_AGENTS = [
    f"aws-cli/2.{a}.{b} md/Botocore#1.4{a}.0 ua/2.0 os/linux#6.1 lang/python#3.1{b}"
    for a in range(9, 17)
    for b in range(9)
]
_ERRORS = (
    *([None] * 46), "AccessDenied", "ThrottlingException", "ResourceNotFoundException",
    "Client.UnauthorizedOperation",
)  # fmt: skip
# Service, operation, whether it only reads, how frequent.
_OPERATIONS = (
    ("s3", "GetObject", True, 30), ("s3", "PutObject", False, 14),
    ("s3", "ListObjects", True, 6), ("s3", "PutBucketPolicy", False, 1),
    ("dynamodb", "GetItem", True, 20), ("dynamodb", "PutItem", False, 10),
    ("ec2", "DescribeInstances", True, 25), ("ec2", "RunInstances", False, 1),
    ("ec2", "AuthorizeSecurityGroupIngress", False, 1),
    ("sts", "AssumeRole", True, 30), ("sts", "GetCallerIdentity", True, 6),
    ("kms", "Decrypt", True, 40), ("kms", "GenerateDataKey", True, 14),
    ("secretsmanager", "GetSecretValue", True, 10), ("ssm", "GetParameter", True, 14),
    ("lambda", "Invoke", False, 8), ("iam", "CreateAccessKey", False, 1),
    ("logs", "CreateLogStream", False, 12), ("ecs", "DescribeTasks", True, 8),
    ("rds", "DescribeDBInstances", True, 5), ("sns", "Publish", False, 3),
)  # fmt: skip
_WEIGHTS = [weight for *_, weight in _OPERATIONS]

Record = dict[str, Any]


def events(count: int) -> Iterator[Record]:
    """`count` events spread over a week, in the order of their times."""
    chance = random.Random(20_260_701)
    step = timedelta(days=DAYS) / count
    for number in range(count):
        yield _event(chance, START + step * number)


def write_logs(folder: Path, count: int) -> int:
    """Gzipped log files of that many different events; how many records they hold."""
    folder.mkdir(parents=True, exist_ok=True)
    chance = random.Random(7)
    records = 0
    waiting: list[Record] = []
    for event in events(count):
        waiting.append(event)
        if chance.random() < _TWICE:
            waiting.append(event)
        if len(waiting) >= A_FILE:
            records += _write(folder, waiting)
            waiting = []
    return records + _write(folder, waiting)


def _write(folder: Path, records: list[Record]) -> int:
    if records:
        at = records[-1]["eventTime"].replace("-", "").replace(":", "")
        name = f"{_ACCOUNTS[0]}_CloudTrail_us-east-1_{at[:13]}Z_{at}.json.gz"
        content = orjson.dumps({"Records": records})
        (folder / name).write_bytes(gzip.compress(content, 6, mtime=0))
    return len(records)


def _event(chance: random.Random, moment: datetime) -> Record:
    account, region = chance.choice(_ACCOUNTS), chance.choice(_REGIONS)
    service, name, is_read, _ = chance.choices(_OPERATIONS, weights=_WEIGHTS)[0]
    identity = _identity(chance, account)
    bucket = chance.choice(_BUCKETS)
    request = _REQUESTS.get(service, _named)(chance, account, region, bucket)
    is_data = service in ("s3", "dynamodb")
    return {
        "eventVersion": chance.choice(("1.08", "1.09", "1.10", "1.11")),
        "userIdentity": identity,
        "eventTime": f"{moment:%Y-%m-%dT%H:%M:%SZ}",
        "eventSource": f"{service}.amazonaws.com",
        "eventName": name,
        "awsRegion": region,
        "sourceIPAddress": identity.get("invokedBy") or _address(chance),
        "userAgent": identity.get("invokedBy") or chance.choice(_AGENTS),
        **_error(chance, identity, f"{service}:{name}"),
        "requestParameters": request,
        "responseElements": None if is_read else _response(chance, service),
        "additionalEventData": {
            "SignatureVersion": "SigV4",
            "CipherSuite": "ECDHE-RSA-AES128-GCM-SHA256",
            "bytesTransferredIn": chance.randrange(9_000),
            "bytesTransferredOut": chance.randrange(90_000),
            "AuthenticationMethod": "AuthHeader",
            "x-amz-id-2": _hex(chance, 76),
        },
        "requestID": _uuid(chance),
        "eventID": _uuid(chance),
        "readOnly": is_read,
        "resources": [
            {
                "type": f"AWS::{service}::Thing",
                "ARN": f"arn:aws:{service}:::{bucket}",
                "accountId": account,
            }
        ],
        "eventType": "AwsApiCall",
        "managementEvent": not is_data,
        "recipientAccountId": account,
        "eventCategory": "Data" if is_data else "Management",
        "tlsDetails": {
            "tlsVersion": "TLSv1.3",
            "cipherSuite": "TLS_AES_128_GCM_SHA256",
            "clientProvidedHostHeader": f"{service}.{region}.amazonaws.com",
        },
    }


def _identity(chance: random.Random, account: str) -> Record:
    kind = chance.random()
    if kind < 0.2:  # noqa: PLR2004 - a share
        user = f"user{chance.randrange(120):03d}"
        return {
            "type": "IAMUser",
            "principalId": f"AIDA{_stable(user)}",
            "arn": f"arn:aws:iam::{account}:user/{user}",
            "accountId": account,
            "accessKeyId": f"AKIA{_stable(user + account)}",
            "userName": user,
        }
    if kind < 0.9:  # noqa: PLR2004
        return _assumed_role(chance, account)
    return {"type": "AWSService", "invokedBy": "ecs-tasks.amazonaws.com"}


def _assumed_role(chance: random.Random, account: str) -> Record:
    role = chance.choice(_ROLES)
    session = f"session-{chance.randrange(4_000)}"
    principal = f"AROA{_stable(role)}"
    return {
        "type": "AssumedRole",
        "principalId": f"{principal}:{session}",
        "arn": f"arn:aws:sts::{account}:assumed-role/{role}/{session}",
        "accountId": account,
        "accessKeyId": f"ASIA{_hex(chance, 16).upper()}",
        "sessionContext": {
            "sessionIssuer": {
                "type": "Role",
                "principalId": principal,
                "arn": f"arn:aws:iam::{account}:role/{role}",
                "accountId": account,
                "userName": role,
            },
            "webIdFederationData": {},
            "attributes": {
                "creationDate": f"2026-07-01T0{chance.randrange(10)}:12:00Z",
                "mfaAuthenticated": "false",
            },
        },
    }


def _error(chance: random.Random, identity: Record, action: str) -> Record:
    code = chance.choice(_ERRORS)
    if code is None:
        return {}
    who = identity.get("arn", "unknown")
    text = f"User: {who} is not authorized to perform: {action} on this resource"
    return {"errorCode": code, "errorMessage": text}


def _s3(chance: random.Random, account: str, region: str, bucket: str) -> Record:
    return {
        "bucketName": bucket,
        "Host": f"{bucket}.s3.{region}.amazonaws.com",
        "key": f"raw/2026/07/{chance.randrange(1, 28):02d}/{_hex(chance, 24)}.json",
    }


def _kms(chance: random.Random, account: str, region: str, bucket: str) -> Record:
    return {
        "encryptionContext": {"aws:s3:arn": f"arn:aws:s3:::{bucket}"},
        "encryptionAlgorithm": "SYMMETRIC_DEFAULT",
        "keyId": f"arn:aws:kms:{region}:{account}:key/{chance.randrange(50)}",
    }


def _sts(chance: random.Random, account: str, region: str, bucket: str) -> Record:
    return {
        "roleArn": f"arn:aws:iam::{account}:role/{chance.choice(_ROLES)}",
        "roleSessionName": f"session-{chance.randrange(4_000)}",
        "durationSeconds": 3_600,
    }


def _ec2(chance: random.Random, account: str, region: str, bucket: str) -> Record:
    ids = [f"i-{_hex(chance, 17)}" for _ in range(chance.randrange(1, 5))]
    return {"instancesSet": {"items": [{"instanceId": one} for one in ids]}}


def _named(chance: random.Random, account: str, region: str, bucket: str) -> Record:
    return {
        "name": f"/shop/{chance.choice(_ROLES)}/{chance.randrange(300)}",
        "maxResults": chance.choice((10, 50, 100)),
        "filters": [{"key": "env", "values": ["prod", "stage"]}],
    }


_REQUESTS: dict[str, Callable[[random.Random, str, str, str], Record]] = {
    "s3": _s3,
    "kms": _kms,
    "sts": _sts,
    "ec2": _ec2,
}


def _response(chance: random.Random, service: str) -> Record:
    items = [
        {
            "id": f"r-{_hex(chance, 12)}",
            "status": chance.choice(("ACTIVE", "PENDING", "UPDATING")),
            "arn": f"arn:aws:{service}:::thing/{chance.randrange(10_000)}",
        }
        for _ in range(chance.randrange(1, 4))
    ]
    return {"requestId": _uuid(chance), "items": items}


def _address(chance: random.Random) -> str:
    return f"10.{chance.randrange(4)}.{chance.randrange(16)}.{chance.randrange(1, 15)}"


def _hex(chance: random.Random, digits: int) -> str:
    return f"{chance.getrandbits(4 * digits):0{digits}x}"


def _uuid(chance: random.Random) -> str:
    text = _hex(chance, 32)
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"


def _stable(name: str) -> str:
    return f"{zlib.crc32(name.encode()) * 2_654_435_761 % 2**64:016X}"


if __name__ == "__main__":
    print(write_logs(Path(sys.argv[1]), int(sys.argv[2])))
