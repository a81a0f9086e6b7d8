"""The one door to AWS: sessions, clients, calls, and errors by what they mean.

Every call has timeouts, few attempts and a pace; what botocore raises becomes one
of five errors. No type of botocore leaves this file but the client itself, which
only the doors of other apps hold.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import boto3
import botocore.exceptions as faults
from botocore.config import Config
from botocore.credentials import RefreshableCredentials
from botocore.session import Session as BotocoreSession
from botocore.session import get_session
from opensearchpy import Urllib3AWSV4SignerAuth

from apps.discovery.limits import QUOTAS, Pace, hold_off, reserve
from apps.search.engines.base import EngineUnavailable

# Sessions of an hour: with 15 minutes botocore renews before almost every call.
_SESSION_SECONDS = 3_600
_SESSION_NAME = "trailmap"
_READ_CONFIG = Config(
    connect_timeout=5,
    # Together less than the claim on a source: no call outlives it.
    read_timeout=20,
    retries={"mode": "standard", "total_max_attempts": 3},
    max_pool_connections=16,
    user_agent_extra="trailmap",
)
# The SDK's own attempts would pass by the shared pace: whoever calls tries again.
_PACED_CONFIG = _READ_CONFIG.merge(Config(retries={"total_max_attempts": 1}))
_PACED_SERVICES = frozenset(operation.split(".")[0] for operation in QUOTAS)
_PAUSE_AFTER_THROTTLE_MS = 2_000
_PACED_ATTEMPTS = 5

_DENIED = frozenset(
    (
        "AccessDenied", "AccessDeniedException", "AuthFailure", "Forbidden", "403",
        "UnauthorizedOperation", "UnauthorizedAccess", "InvalidClientTokenId",
        "SignatureDoesNotMatch", "UnrecognizedClientException", "OptInRequired",
        "AllAccessDisabled", "InvalidAccessKeyId", "KMS.AccessDeniedException",
    )
)  # fmt: skip
_EXPIRED = frozenset(("ExpiredToken", "ExpiredTokenException", "RequestExpired"))
_THROTTLED = frozenset(
    (
        "Throttling", "ThrottlingException", "ThrottledException", "SlowDown",
        "RequestThrottled", "RequestThrottledException", "RequestLimitExceeded",
        "TooManyRequestsException", "LimitExceededException", "BandwidthLimitExceeded",
        "PriorRequestNotComplete", "TransactionInProgressException",
        "EC2ThrottledException", "ProvisionedThroughputExceededException",
    )
)  # fmt: skip
_GONE = frozenset(
    (
        "NoSuchKey", "NoSuchBucket", "404", "ResourceNotFoundException", "NotFound",
        "AWS.SimpleQueueService.NonExistentQueue", "QueueDoesNotExist",
        "NoSuchEntity", "TrailNotFoundException", "ResourceNotFound",
        "NotFoundException", "InvalidGroup.NotFound", "InvalidSnapshot.NotFound",
        "DBInstanceNotFound", "DBInstanceNotFoundFault", "LoadBalancerNotFound",
        "ListenerNotFound", "NoSuchHostedZone", "ServiceNotFoundException",
        "ClusterNotFoundException", "StateMachineDoesNotExist",
        "ExecutionDoesNotExist", "InvalidDocument",
        "AutomationExecutionNotFoundException",
    )
)  # fmt: skip


class AwsError(Exception):
    """AWS did not do what it was asked; the message says what and why. `code` is
    AWS's own word for it, empty where AWS did not answer."""

    code = ""


class AwsDenied(AwsError):
    """The credentials may not do this, are wrong or have expired. Not retried."""


class AwsThrottled(AwsError):
    """AWS asks to call less often."""


class AwsGone(AwsError):
    """The thing asked for is not there."""


class AwsUnreachable(AwsError):
    """No answer: network, endpoint, timeout, or a fault on AWS's side."""


class AwsRefused(AwsError):
    """AWS understood the request and will not do it as it stands."""


@dataclass(frozen=True, slots=True)
class Target:
    """Where to call: an account, the role to assume there, and a region.

    Without a role the credentials of this process are used as they are.
    """

    account: str
    region: str
    role_arn: str = ""
    external_id: str = ""


class Door:
    """Calls one AWS service in one account and region."""

    def __init__(self, target: Target, service: str) -> None:
        self._target = target
        self._service = service
        with explained(f"{service} in {target.region}"):
            self.client = _client(target, service)

    def wait_for(self, pace: Pace) -> None:
        """Sleep until it is our turn in a pace that is not one of calls."""
        time.sleep(reserve(pace, _now_ms()) / 1_000)

    def call(self, operation: str, **parameters: Any) -> Mapping[str, Any]:
        """The answer of one call, paced where the operation needs it.

        Raises one of the errors of this module.
        """
        pace = Pace.of(
            self._target.account, self._target.region, f"{self._service}.{operation}"
        )
        if pace is None:
            return self._once(operation, parameters)
        return self.call_at(pace, operation, **parameters)

    def call_at(
        self, pace: Pace, operation: str, **parameters: Any
    ) -> Mapping[str, Any]:
        """The answer of one call, at a pace that is not of the operation alone.

        Raises one of the errors of this module.
        """
        for _ in range(_PACED_ATTEMPTS - 1):
            time.sleep(reserve(pace, _now_ms()) / 1_000)
            try:
                return self._once(operation, parameters)
            except AwsThrottled:
                hold_off(pace, _now_ms(), _PAUSE_AFTER_THROTTLE_MS)
        time.sleep(reserve(pace, _now_ms()) / 1_000)
        return self._once(operation, parameters)

    def _once(self, operation: str, parameters: Mapping[str, Any]) -> Mapping[str, Any]:
        with explained(f"{self._service}.{operation}"):
            answer: Mapping[str, Any] = getattr(self.client, operation)(**parameters)
            return answer

    def pages(self, operation: str, **parameters: Any) -> Iterator[Mapping[str, Any]]:
        """Every page of a listing, empty ones included: only the token ends it."""
        with explained(f"{self._service}.{operation}"):
            yield from self.client.get_paginator(operation).paginate(**parameters)


class explained:  # noqa: N801 - a context manager, named for how it reads
    """Turns botocore's exceptions into ours; `doing` begins the message."""

    def __init__(self, doing: str) -> None:
        self._doing = doing

    def __enter__(self) -> None:
        return None

    def __exit__(
        self, kind: object, error: BaseException | None, trace: object
    ) -> None:
        if isinstance(error, faults.BotoCoreError | faults.ClientError | OSError):
            meant = _meaning(error)(f"{self._doing}: {_sentence(error)}")
            meant.code = _code(error)
            raise meant from error


def _meaning(error: BaseException) -> type[AwsError]:
    if isinstance(error, faults.ClientError):
        return _meaning_of_answer(error)
    if isinstance(error, faults.NoCredentialsError | faults.CredentialRetrievalError):
        return AwsDenied
    if isinstance(error, faults.ParamValidationError):
        return AwsRefused
    return AwsUnreachable


def _meaning_of_answer(error: faults.ClientError) -> type[AwsError]:
    code = error.response.get("Error", {}).get("Code", "")
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    if code in _DENIED or code in _EXPIRED:
        return AwsDenied
    if code in _THROTTLED or status == 429:  # noqa: PLR2004 - HTTP status
        return AwsThrottled
    if code in _GONE:
        return AwsGone
    return AwsUnreachable if status >= 500 else AwsRefused  # noqa: PLR2004


def _code(error: BaseException) -> str:
    if not isinstance(error, faults.ClientError):
        return ""
    return str(error.response.get("Error", {}).get("Code", ""))


def _sentence(error: BaseException) -> str:
    if isinstance(error, faults.ClientError):
        answer = error.response.get("Error", {})
        return f"{answer.get('Code', 'error')}: {answer.get('Message', '')}".strip(": ")
    return str(error) or type(error).__name__


# For calls that change something: sent once, whatever comes back. Long enough for the
# slowest of them to answer, and shorter than the claim of whoever carries them out.
_WRITE_CONFIG = Config(
    connect_timeout=5,
    read_timeout=30,
    retries={"mode": "standard", "total_max_attempts": 1},
    user_agent_extra="trailmap-repair",
)
_WRITE_SESSION_SECONDS = 900
_POLICY_LETTERS = 2_048


@dataclass(frozen=True, slots=True)
class Mandate:
    """What a session that writes is for: `name` is what CloudTrail shows of it, as
    RoleSessionName and SourceIdentity; `policy`, as JSON, is all it may do within
    what the role may."""

    name: str
    policy: str


@dataclass(frozen=True, slots=True)
class Written:
    """What a changing call answered, and the id that AWS knows it by."""

    answer: Mapping[str, Any]
    request_id: str


class WriteDoor:
    """Makes calls that change something, each sent once at most.

    Without a role the credentials of this process are used, which then must be able to
    write: only processes that take up the queue `act` have such.
    """

    def __init__(self, target: Target, service: str, mandate: Mandate) -> None:
        self._service = service
        with explained(f"{service} in {target.region}"):
            session = _writing_session(target, mandate)
            make: Callable[..., Any] = session.client
            with _CLIENTS_LOCK:
                self._client = make(
                    service, region_name=target.region, config=_WRITE_CONFIG
                )

    def call(self, operation: str, **parameters: Any) -> Written:
        """Raises one of the errors of this module. AwsUnreachable says that nobody
        knows whether it was done; after any other, it was not."""
        with explained(f"{self._service}.{operation}"):
            answer = getattr(self._client, operation)(**parameters)
            told = answer.get("ResponseMetadata", {})
            headers = told.get("HTTPHeaders", {})
            request_id = told.get("RequestId") or headers.get("x-amzn-requestid", "")
            return Written(answer, str(request_id))


def _writing_session(target: Target, mandate: Mandate) -> boto3.Session:
    """Keys of one session, fetched once. Raises AwsError's reasons as botocore does."""
    if not target.role_arn:
        return boto3.Session()
    policy = mandate.policy
    if len(policy) > _POLICY_LETTERS:
        raise AwsRefused(f"The session policy has more than {_POLICY_LETTERS} letters.")
    extra = {"ExternalId": target.external_id} if target.external_id else {}
    granted = _own_client("sts", target.region).assume_role(
        RoleArn=target.role_arn,
        RoleSessionName=mandate.name,
        SourceIdentity=mandate.name,
        DurationSeconds=_WRITE_SESSION_SECONDS,
        Policy=policy,
        **extra,
    )["Credentials"]
    return boto3.Session(
        aws_access_key_id=granted["AccessKeyId"],
        aws_secret_access_key=granted["SecretAccessKey"],
        aws_session_token=granted["SessionToken"],
    )


def assume_role(target: Target, external_id: str | None) -> Mapping[str, Any]:
    """One AssumeRole call with this ExternalId, or with none.

    Raises AwsDenied where the role does not trust us so. Used as it is by the check
    that a role refuses wrong and missing ExternalIds.
    """
    extra = {} if external_id is None else {"ExternalId": external_id}
    with explained("sts.assume_role"):
        answer: Mapping[str, Any] = _own_client("sts", target.region).assume_role(
            RoleArn=target.role_arn,
            RoleSessionName=_SESSION_NAME,
            DurationSeconds=_SESSION_SECONDS,
            **extra,
        )
        return answer


def forget_sessions() -> None:
    """Drop every cached session and client, as after a role was changed."""
    _client.cache_clear()


_CLIENTS_LOCK = threading.Lock()


@lru_cache(maxsize=256)
def _client(target: Target, service: str) -> Any:
    if not target.role_arn:
        return _own_client(service, target.region)
    session = boto3.Session(botocore_session=_assumed_session(target))
    return _new_client(session, service, target.region)


def _own_client(service: str, region: str) -> Any:
    return _new_client(boto3.Session(), service, region)


def _new_client(session: boto3.Session, service: str, region: str) -> Any:
    make: Callable[..., Any] = session.client
    config = _PACED_CONFIG if service in _PACED_SERVICES else _READ_CONFIG
    with _CLIENTS_LOCK:  # making a client is not thread-safe, using one is
        return make(service, region_name=region, config=config)


def _assumed_session(target: Target) -> BotocoreSession:
    session = get_session()
    session.set_config_variable("region", target.region)
    credentials = RefreshableCredentials.create_from_metadata(
        metadata=_metadata(target)(),
        refresh_using=_metadata(target),
        method="sts-assume-role",
    )
    # Botocore has no public way to set refreshing credentials.
    vars(session)["_credentials"] = credentials
    return session


def _metadata(target: Target) -> Callable[[], dict[str, str]]:
    def refresh() -> dict[str, str]:
        granted = assume_role(target, target.external_id or None)["Credentials"]
        return {
            "access_key": granted["AccessKeyId"],
            "secret_key": granted["SecretAccessKey"],
            "token": granted["SessionToken"],
            "expiry_time": granted["Expiration"].isoformat(),
        }

    return refresh


def _now_ms() -> int:
    return time.time_ns() // 1_000_000


def request_signer(service: str) -> Callable[..., Any]:
    """Signs the requests of an OpenSearch client with this machine's credentials.

    `service` is `es` for a domain, `aoss` for a serverless collection. Raises
    EngineUnavailable where there are no credentials or no region.
    """
    session = boto3.Session()
    # boto3 itself reads only AWS_DEFAULT_REGION, other SDKs only AWS_REGION.
    region = session.region_name or os.environ.get("AWS_REGION")
    credentials = session.get_credentials()
    if credentials is None or region is None:
        raise EngineUnavailable(
            "OPENSEARCH_AWS_SERVICE is set, but there are no AWS credentials or no "
            "region to sign with: set AWS_REGION and give this machine a role."
        )
    signer: Callable[..., Any] = Urllib3AWSV4SignerAuth(credentials, region, service)
    return signer
