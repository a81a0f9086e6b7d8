"""Log groups and streams: what is known of them besides their events."""

from __future__ import annotations

import itertools
import re
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from sandbox.kernel.errors import ApiError
from sandbox.logs.filters import MetricFilter, SubscriptionFilter

Place = tuple[str, str]
"""Account and region."""

DAY_MS = 86_400_000
_LONG = 1 << 63
_GROUP_ARN = re.compile(
    r"arn:aws:logs:(?P<region>[\w-]+):(?P<account>\d{12}):log-group:(?P<name>[^:*]+)"
    r"(?::\*)?"
)


@dataclass(slots=True)
class Stream:
    """A log stream; times in milliseconds since 1970, None before its first event."""

    id: int
    name: str
    created_ms: int
    first_ms: int | None = None
    last_ms: int | None = None
    ingested_ms: int | None = None
    batches: int = 0

    def note(self, first_ms: int, last_ms: int, ingested_ms: int) -> None:
        """Events of this time arrived."""
        self.first_ms = min(self.first_ms or first_ms, first_ms)
        self.last_ms = max(self.last_ms or 0, last_ms)
        self.ingested_ms = max(self.ingested_ms or 0, ingested_ms)
        self.batches += 1

    @property
    def token(self) -> str:
        """A sequence token; AWS still answers them and looks at none."""
        return f"49{self.id:027d}{self.batches:027d}"


@dataclass(slots=True)
class Group:
    id: int
    place: Place
    name: str
    created_ms: int
    log_class: str = "STANDARD"
    retention_days: int | None = None
    kms_key: str | None = None
    is_protected: bool = False
    stored_bytes: int = 0
    tags: dict[str, str] = field(default_factory=dict)
    streams: dict[str, Stream] = field(default_factory=dict)
    stream_names: dict[int, str] = field(default_factory=dict)
    metric_filters: dict[str, MetricFilter] = field(default_factory=dict)
    subscriptions: dict[str, SubscriptionFilter] = field(default_factory=dict)

    @property
    def arn(self) -> str:
        account, region = self.place
        return f"arn:aws:logs:{region}:{account}:log-group:{self.name}"

    def oldest_ms(self, now: float) -> int:
        """Events before this time have expired."""
        if self.retention_days is None:
            return 0
        return round(now * 1_000) - self.retention_days * DAY_MS


class Groups:
    """Every log group of every account and region. Hold `lock` to change one."""

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self._groups: dict[Place, dict[str, Group]] = {}
        self._ids = itertools.count(1)

    def of(self, place: Place) -> list[Group]:
        """By name."""
        with self.lock:
            found = self._groups.get(place, {})
            return [found[name] for name in sorted(found)]

    def everything(self) -> Iterator[Group]:
        with self.lock:
            places = list(self._groups)
        for place in places:
            yield from self.of(place)

    def create(self, place: Place, name: str, now_ms: int) -> Group:
        with self.lock:
            groups = self._groups.setdefault(place, {})
            if name in groups:
                raise _exists("log group")
            groups[name] = Group(next(self._ids), place, name, now_ms)
            return groups[name]

    def get(self, place: Place, name: str) -> Group:
        found = self._groups.get(place, {}).get(name)
        if found is None:
            raise not_found("log group")
        return found

    def named(self, place: Place, parameters: Mapping[str, Any]) -> Group:
        """The group of `logGroupName` or `logGroupIdentifier`, exactly one of them."""
        name = parameters.get("logGroupName")
        identifier = parameters.get("logGroupIdentifier")
        if (name is None) == (identifier is None):
            raise invalid(
                "Exactly one of logGroupName and logGroupIdentifier must be provided"
            )
        return self.get(place, name) if name else self.identified(place, identifier)

    def identified(self, place: Place, identifier: Any) -> Group:
        """By name or by ARN. Nobody sees another account's groups, nor a region another
        region's."""
        match = _GROUP_ARN.fullmatch(str(identifier))
        if match is None:
            return self.get(place, str(identifier))
        if match["account"] != place[0]:
            raise ApiError(
                "AccessDeniedException",
                f"Not authorized to access the log group {identifier}",
            )
        if match["region"] != place[1]:
            raise not_found("log group")
        return self.get(place, match["name"])

    def remove(self, place: Place, name: str) -> Group:
        with self.lock:
            group = self.get(place, name)
            if group.is_protected:
                raise invalid("The log group is protected against deletion")
            return self._groups[place].pop(name)

    def create_stream(self, group: Group, name: str, now_ms: int) -> Stream:
        with self.lock:
            if name in group.streams:
                raise _exists("log stream")
            stream = Stream(next(self._ids), name, now_ms)
            group.streams[name] = stream
            group.stream_names[stream.id] = name
            return stream

    def ensured(self, place: Place, name: str, stream: str, now_ms: int) -> Stream:
        """The stream, made with its group where it is absent."""
        with self.lock:
            group = self._groups.get(place, {}).get(name)
            group = group or self.create(place, name, now_ms)
            found = group.streams.get(stream)
            return found or self.create_stream(group, stream, now_ms)


def stream_of(group: Group, name: str) -> Stream:
    found = group.streams.get(name)
    if found is None:
        raise not_found("log stream")
    return found


def not_found(what: str) -> ApiError:
    return ApiError(
        "ResourceNotFoundException", f"The specified {what} does not exist."
    )


def _exists(what: str) -> ApiError:
    return ApiError(
        "ResourceAlreadyExistsException", f"The specified {what} already exists"
    )


def whole(parameters: Mapping[str, Any], member: str) -> int | None:
    """A member that is a long. Raises SerializationException for what is none."""
    value = parameters.get(member)
    if value is None:
        return None
    if not is_long(value):
        raise unreadable(f"{member} must be a 64-bit integer")
    return int(value)


def is_long(value: Any) -> bool:
    is_integer = isinstance(value, int) and not isinstance(value, bool)
    return is_integer and -_LONG <= value < _LONG


def unreadable(message: str) -> ApiError:
    return ApiError("SerializationException", message)


def invalid(message: str) -> ApiError:
    return ApiError("InvalidParameterException", message)
