"""The one door to an OpenSearch cluster: requests go out, our errors come back."""

from __future__ import annotations

import functools
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NoReturn
from urllib.parse import unquote, urlsplit

import opensearchpy
import orjson
from opensearchpy.exceptions import (
    AuthenticationException,
    AuthorizationException,
    ConnectionTimeout,
    NotFoundError,
    OpenSearchException,
    TransportError,
)
from opensearchpy.serializer import JSONSerializer

from apps.search.engines.base import EngineUnavailable, QueryTooBroad, too_complex

_WAIT_SECONDS = 60.0
# A search that was cut by its own limit still has to bring its answer.
_GRACE_SECONDS = 5.0
_TOO_BROAD = (
    "too complex",
    "determiniz",
    "regex",
    "too_many_clauses",
    "maxClauseCount",
    "expanded to too many",
)
_TOO_MANY = "too_many_buckets"
_CANCELLED = "cancelled"
_POOL = 16
_NO_SHARDS = "all shards failed"
_SHARD_PAUSES_SECONDS = (0.05, 0.1, 0.2, 0.4)
_PASSING = (429, 502, 503, 504)

HttpAuth = tuple[str, str] | Callable[..., Any]


@dataclass(frozen=True, slots=True)
class Address:
    """Where a cluster is and how it is spoken to.

    `urls`: its nodes, any of which will do. `sign` signs requests (AWS SigV4) where
    the URLs name no user. `ca_file`: whom to trust beside the system's authorities.
    """

    urls: tuple[str, ...]
    ca_file: str | None = None
    sign: Callable[..., Any] | None = None

    @property
    def shown(self) -> str:
        """The nodes without passwords."""
        parts = map(urlsplit, self.urls)
        return ", ".join(f"{one.scheme}://{one.hostname}:{_port(one)}" for one in parts)


class Cluster:
    """Raises EngineUnavailable and QueryTooBroad, and nothing of a client's."""

    def __init__(self, address: Address) -> None:
        self._address = address

    @functools.cached_property
    def _client(self) -> opensearchpy.OpenSearch:
        """Made when it is first needed, so that no connection is shared by a fork."""
        address = self._address
        return opensearchpy.OpenSearch(
            hosts=[_host(url) for url in address.urls],
            http_auth=address.sign or _basic(address.urls),
            ca_certs=address.ca_file,
            serializer=_Json(),
            pool_maxsize=_POOL,
            timeout=_WAIT_SECONDS,
            max_retries=1,
            retry_on_status=(),
        )

    def request(
        self,
        method: str,
        path: str,
        body: object = None,
        seconds: float = _WAIT_SECONDS,
        **params: Any,
    ) -> Any:
        """What the cluster answers, read from JSON."""
        try:
            return self._client.transport.perform_request(
                method, path, params=params, body=body, timeout=seconds
            )
        except OpenSearchException as error:
            self._explain(error)

    def request_if_there(self, method: str, path: str, body: object = None) -> Any:
        """The same; None for what is not there."""
        try:
            return self._client.transport.perform_request(
                method, path, body=body, timeout=_WAIT_SECONDS
            )
        except NotFoundError:
            return None
        except OpenSearchException as error:
            self._explain(error)

    def search(
        self, indexes: Sequence[str], body: Mapping[str, Any], seconds: float
    ) -> Any:
        """The answer of a search that may take so long. Indexes that are not there
        hold nothing; one that is just being made is waited for."""
        for pause_seconds in _SHARD_PAUSES_SECONDS:
            try:
                return self._search(indexes, body, seconds)
            except Unanswered as error:
                if _NO_SHARDS not in str(error):
                    raise
                time.sleep(pause_seconds)
        return self._search(indexes, body, seconds)

    def _search(
        self, indexes: Sequence[str], body: Mapping[str, Any], seconds: float
    ) -> Any:
        answer = self.request(
            "POST",
            f"/{','.join(indexes)}/_search",
            {"timeout": f"{max(1, int(seconds * 1000))}ms", **body},
            seconds + _GRACE_SECONDS,
            ignore_unavailable="true",
            allow_no_indices="true",
            # The same limit again: what is not cut inside a shard is ended outside.
            cancel_after_time_interval=f"{max(1, int((seconds + 1) * 1000))}ms",
        )
        shards = answer["_shards"]
        if shards["total"] and not shards["successful"]:
            # Answered with 200 and no hits where the indexes came from a pattern.
            raise Unanswered(
                f"OpenSearch at {self._address.shown}: {_NO_SHARDS}, no copy of "
                f"{shards['total']} is available."
            )
        return answer

    def _explain(self, error: OpenSearchException) -> NoReturn:
        if isinstance(error, TransportError):
            reasons = reasons_of(error.info)
            if _TOO_MANY in str(error.info):
                raise QueryTooBroad(
                    "The answer would have too many parts: use a longer interval or a "
                    "shorter time range."
                ) from error
            if any(word in reasons for word in _TOO_BROAD):
                raise too_complex() from error
            if _CANCELLED in str(error.info):
                raise Cancelled(self._sentence(error)) from error
        raised = Unanswered if _may_pass(error) else EngineUnavailable
        raise raised(self._sentence(error)) from error

    def _sentence(self, error: OpenSearchException) -> str:
        shown = self._address.shown
        if isinstance(error, AuthenticationException | AuthorizationException):
            return (
                f"OpenSearch at {shown} refuses us ({error.status_code}): look at the "
                "user of OPENSEARCH_URL and its permissions."
            )
        if isinstance(error, ConnectionTimeout):
            return f"OpenSearch at {shown} does not answer in time."
        if isinstance(error, opensearchpy.exceptions.ConnectionError):
            return f"OpenSearch at {shown} cannot be reached: {_cause(error)}"
        if isinstance(error, TransportError):
            reason = reasons_of(error.info) or str(error.error)
            return f"OpenSearch at {shown} answers {error.status_code}: {reason[:500]}"
        return f"OpenSearch at {shown}: {error}"


class Unanswered(EngineUnavailable):
    """The same request may well be answered a little later."""


class Cancelled(EngineUnavailable):
    """A search that was ended at its time limit."""


def _may_pass(error: OpenSearchException) -> bool:
    if isinstance(error, opensearchpy.exceptions.ConnectionError):
        return True
    return isinstance(error, TransportError) and error.status_code in _PASSING


def is_too_broad(reason: str) -> bool:
    return any(word in reason for word in _TOO_BROAD)


def reasons_of(info: object) -> str:
    """All reasons that an error of OpenSearch gives, from the outside in."""
    found: list[str] = []
    _collect_reasons(info, found)
    return " ".join(dict.fromkeys(found))


def _collect_reasons(info: object, found: list[str]) -> None:
    if isinstance(info, Mapping):
        if isinstance(info.get("reason"), str):
            found.append(f"{info.get('type', '')}: {info['reason']}".strip(": "))
        for value in info.values():
            _collect_reasons(value, found)
    elif isinstance(info, list):
        for value in info:
            _collect_reasons(value, found)


class _Json(JSONSerializer):
    """JSON by orjson; what is bytes already stays so."""

    def dumps(self, data: Any) -> Any:
        return data if isinstance(data, bytes | str) else orjson.dumps(data)

    def loads(self, s: Any) -> Any:
        return orjson.loads(s)


def _host(url: str) -> dict[str, object]:
    parts = urlsplit(url)
    is_secure = parts.scheme == "https"
    return {
        "host": parts.hostname,
        "port": _port(parts),
        "use_ssl": is_secure,
        "url_prefix": parts.path.strip("/"),
        **({"verify_certs": True} if is_secure else {}),
    }


def _port(parts: Any) -> int:
    return parts.port or (443 if parts.scheme == "https" else 9200)


def _basic(urls: Sequence[str]) -> tuple[str, str] | None:
    parts = urlsplit(urls[0])
    if not parts.username:
        return None
    return unquote(parts.username), unquote(parts.password or "")


def _cause(error: TransportError) -> str:
    cause = error.info if isinstance(error.info, Exception) else error
    inner = getattr(cause, "reason", None)
    return str(inner or cause)[:300]
