"""Configuration items as AWS Config writes them, whatever the source.

Files and notifications say `awsAccountId`, `ARN` and `name` where the API says
`accountId`, `arn` and `relationshipName`; old files say `configurationStateID`. In all
of them a configuration may be an object, or JSON in a string.
Source: AWS Config API reference, ConfigurationItem; AWS Config developer guide.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import orjson

from apps.discovery.arn import parse_arn
from apps.discovery.inventory.items import (
    ConfigItem,
    ItemSource,
    ItemStatus,
    Relationship,
    ResourceKey,
)

_LONGEST_ID = 1_024
_LONGEST_TYPE = 128
_LONGEST_ARN = 2_048
_MOST_RELATIONSHIPS = 2_000
_MOST_EVENTS = 100
# What BatchGetResourceConfig leaves out.
_BEYOND_BASE = ("tags", "relationships", "relatedEvents")
_GLOBAL = "global"
_EXCERPT = 500
_STATE_ID_LIMIT = 1 << 63


class MalformedItem(ValueError):
    """What came is no configuration item; says why. `excerpt` is how it begins."""

    excerpt: bytes = b""


@dataclass(frozen=True, slots=True)
class Place:
    """Where items come from that do not say whose they are."""

    account: str = ""
    region: str = ""
    source: ItemSource = ItemSource.CONFIG


def parse_item(record: object, place: Place) -> ConfigItem:
    """Raises MalformedItem."""
    if not isinstance(record, Mapping):
        raise MalformedItem("A configuration item is an object.")
    arn = _text(record, _LONGEST_ARN, "arn", "ARN")
    return ConfigItem(
        key=_key(record, arn, place),
        status=_status(record),
        captured_at=_captured_at(record),
        source=place.source,
        name=_text(record, _LONGEST_ID, "resourceName"),
        arn=arn,
        state_id=_state_id(record),
        availability_zone=_text(
            record, _LONGEST_TYPE, "availabilityZone", "availibilityZone"
        ),
        created_at=moment_of(record.get("resourceCreationTime")),
        tags=_tags(record),
        configuration=_object(record.get("configuration")),
        supplementary=_supplementary(record.get("supplementaryConfiguration")),
        relationships=tuple(_relationships(record.get("relationships"))),
        related_events=_events(record.get("relatedEvents")),
        is_base=not any(name in record for name in _BEYOND_BASE),
    )


def parse_items(
    records: Iterable[object], place: Place
) -> Iterator[ConfigItem | MalformedItem]:
    """Each item, or why it is none: one that is broken does not spoil the rest."""
    for record in records:
        try:
            yield parse_item(record, place)
        except MalformedItem as error:
            error.excerpt = repr(record)[:_EXCERPT].encode("utf-8", "replace")
            yield error


def moment_of(value: object) -> datetime | None:
    """A time as JSON, SDKs or recordings of them say it, to the millisecond, in UTC;
    None where it is none."""
    found = _moment(value)
    if found is None:
        return None
    found = found.replace(tzinfo=UTC) if found.tzinfo is None else found
    at = found.astimezone(UTC)
    return at.replace(microsecond=at.microsecond // 1_000 * 1_000)


def _moment(value: object) -> datetime | None:
    try:
        if isinstance(value, datetime):
            return value
        if isinstance(value, str):
            return datetime.fromisoformat(value)
        if isinstance(value, int | float):
            return datetime.fromtimestamp(value, UTC)
    except (ValueError, OverflowError, OSError):
        return None
    return None


def _key(record: Mapping[str, Any], arn: str, place: Place) -> ResourceKey:
    told = parse_arn(arn)
    account = _text(record, 64, "awsAccountId", "accountId") or place.account
    region = _text(record, 40, "awsRegion") or place.region
    key = ResourceKey(
        account or (told.account if told else ""),
        region or (told.region if told else "") or _GLOBAL,
        _text(record, _LONGEST_TYPE, "resourceType"),
        _text(record, _LONGEST_ID, "resourceId"),
    )
    if not key.type or not key.id:
        raise MalformedItem("It has no resourceType, or no resourceId.")
    if not key.account:
        raise MalformedItem("It does not say of which account it is.")
    return key


def _text(record: Mapping[str, Any], longest: int, *names: str) -> str:
    """Raises MalformedItem for a text that nothing of the kind is as long as."""
    found = next((record[name] for name in names if record.get(name)), "")
    if not isinstance(found, str | int):
        raise MalformedItem(f"{names[0]} is no text.")
    text = str(found).replace("\0", "")
    if len(text) > longest:
        raise MalformedItem(f"{names[0]} is longer than {longest:,} characters.")
    return text


def _status(record: Mapping[str, Any]) -> ItemStatus:
    told = record.get("configurationItemStatus", ItemStatus.OK)
    try:
        return ItemStatus(told)
    except ValueError as error:
        raise MalformedItem(f"It has the unknown status {str(told)[:60]!r}.") from error


def _captured_at(record: Mapping[str, Any]) -> datetime:
    found = moment_of(record.get("configurationItemCaptureTime"))
    if found is None:
        raise MalformedItem("It does not say when it was captured.")
    return found


def _state_id(record: Mapping[str, Any]) -> int:
    """Ids of early versions were no numbers, and order nothing."""
    found = record.get("configurationStateId", record.get("configurationStateID"))
    try:
        number = int(str(found))
    except ValueError:
        return 0
    return number if 0 <= number < _STATE_ID_LIMIT else 0


def _tags(record: Mapping[str, Any]) -> dict[str, str]:
    """Tags as a mapping; advanced queries list them, and BatchGetResourceConfig leaves
    them to the configuration."""
    if "tags" in record:
        return tags_of(record["tags"])
    supplementary = _supplementary(record.get("supplementaryConfiguration"))
    configuration = _object(record.get("configuration"))
    for told in (supplementary.get("Tags"), configuration.get("tags")):
        if told:
            return tags_of(told)
    return {}


def tags_of(told: object) -> dict[str, str]:
    """Tags however they are written: an object, or a list of key and value."""
    if isinstance(told, Mapping):
        return {str(name): str(value or "") for name, value in told.items()}
    found = {}
    for tag in told if isinstance(told, list) else ():
        if not isinstance(tag, Mapping):
            continue
        small = {str(k).lower().removeprefix("tag"): v for k, v in tag.items()}
        name = small.get("key", small.get("name"))
        if isinstance(name, str):
            found[name] = str(small.get("value") or "")
        key = small.get("key", small.get("name"))
        if isinstance(key, str):
            found[key] = str(small.get("value") or "")
    return found


def _object(value: object) -> dict[str, Any]:
    opened = opened_json(value)
    if isinstance(opened, Mapping):
        return dict(opened)
    if opened is None:
        return {}
    raise MalformedItem("Its configuration is no object.")


def opened_json(value: object) -> Any:
    """What a string of JSON says, if it is JSON of an object or a list; twice, as
    Config puts JSON into JSON in places."""
    for _ in range(2):
        if not isinstance(value, str):
            return value
        text = value.strip()
        if text == "null" or not text:
            return None if text == "null" else value
        if text[0] not in '{["' or len(text) < 2:  # noqa: PLR2004 - two brackets
            return value
        try:
            value = orjson.loads(text)
        except ValueError:
            return value
    return value


def _supplementary(value: object) -> dict[str, Any]:
    opened = opened_json(value)
    if not isinstance(opened, Mapping):
        return {}
    return {str(name): _settled(member) for name, member in opened.items()}


def _settled(member: object) -> Any:
    """A member of supplementaryConfiguration is JSON in a string: also of a truth."""
    if isinstance(member, str) and member in ("true", "false"):
        return member == "true"
    return opened_json(member)


def _relationships(value: object) -> Iterator[Relationship]:
    for one in value[:_MOST_RELATIONSHIPS] if isinstance(value, list) else ():
        if isinstance(one, Mapping):
            yield Relationship(
                _text(one, 200, "name", "relationshipName"),
                _text(one, _LONGEST_TYPE, "resourceType"),
                _text(one, _LONGEST_ID, "resourceId"),
                _text(one, _LONGEST_ID, "resourceName"),
            )


def _events(value: object) -> tuple[str, ...]:
    found = value if isinstance(value, list) else []
    return tuple(str(one)[:64] for one in found[:_MOST_EVENTS])
