"""Rules of conditions as people write them, with the examples that are their tests.

title: Databases are not public
severity: high
resource_types: [AWS::RDS::DBInstance]
only_when: {path: configuration.engine, op: eq, value: postgres}
fails_when: {path: configuration.publiclyAccessible, op: eq, value: true}
message: The database can be reached from everywhere.
examples:
  - says: fail
    resource: {configuration: {engine: postgres, publiclyAccessible: true}}
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from apps.audit.compliance.conditions.compiling import ConditionInvalid, compiled
from apps.audit.compliance.conditions.truths import Condition, Look, Truth
from apps.audit.compliance.managed.base import Severity, not_looked_at
from apps.audit.compliance.places import Place, moment_of
from apps.audit.compliance.verdicts import Estate, Outcome, Verdict
from apps.audit.compliance.yamltext import YamlInvalid, read_yaml
from apps.discovery.inventory.items import (
    ConfigItem,
    ItemSource,
    ItemStatus,
    ResourceKey,
)

MOST_LETTERS = 50_000
_MOST_TYPES = 100
_MOST_EXAMPLES = 50
_LONGEST = 200
_MEMBERS = frozenset(
    (
        "title", "description", "severity", "resource_types", "only_when",
        "fails_when", "message", "examples",
    )
)  # fmt: skip
_EXAMPLE_NOW = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Example:
    """A resource, and what the rule must say of it at `now`."""

    says: Outcome
    item: ConfigItem
    now: datetime


@dataclass(frozen=True, slots=True)
class Outlier:
    """An example that does not come out as it says."""

    number: int
    expected: Outcome
    verdict: Verdict


@dataclass(frozen=True, slots=True)
class Definition:
    """A rule of conditions. `written` is what was read, to be kept as it is."""

    title: str
    severity: Severity
    resource_types: tuple[str, ...]
    fails_when: Condition
    only_when: Condition | None = None
    message: str = ""
    description: str = ""
    examples: Sequence[Example] = ()
    written: Mapping[str, Any] = field(default_factory=dict)

    def judge(self, item: ConfigItem, estate: Estate) -> Verdict:
        return self.at(item, estate.now)

    def at(self, item: ConfigItem, now: datetime) -> Verdict:
        standing = not_looked_at(item, self.resource_types)
        if standing is not None:
            return standing
        look = Look(Place(_as_seen(item), ""), now)
        if self.only_when is not None:
            meant = self.only_when(look)
            if meant.is_so is not True:
                return _not_meant(meant)
        told = self.fails_when(look)
        if told.is_so is None:
            reason = f"It cannot be told: {told.reason}."
            return Verdict(Outcome.UNKNOWN, reason, told.path)
        if told.is_so:
            said = f"{self.message} " if self.message else ""
            reason = f"{said}{told.reason}." if told.reason else said.strip()
            return Verdict(Outcome.FAIL, reason or self.title, told.path)
        return Verdict(Outcome.PASS, f"{told.reason}." if told.reason else "It passes.")

    def outliers(self) -> list[Outlier]:
        """Examples that do not come out as they say."""
        found = []
        for number, one in enumerate(self.examples, start=1):
            verdict = self.at(one.item, one.now)
            if verdict.outcome is not one.says:
                found.append(Outlier(number, one.says, verdict))
        return found


def _not_meant(meant: Truth) -> Verdict:
    if meant.is_so is None:
        reason = f"Whether the rule is about it cannot be told: {meant.reason}."
        return Verdict(Outcome.UNKNOWN, reason, meant.path)
    return Verdict(Outcome.NOT_APPLICABLE, "The rule is not about such a resource.")


def _as_seen(item: ConfigItem) -> Mapping[str, Any]:
    """What paths begin at."""
    return {
        "configuration": item.configuration,
        "supplementary": item.supplementary,
        "tags": item.tags,
        "name": item.name or None,
        "id": item.key.id,
        "arn": item.arn or None,
        "type": item.key.type,
        "account": item.key.account,
        "region": item.key.region,
        "created_at": item.created_at.isoformat() if item.created_at else None,
    }


def read(text: str) -> Definition:
    """A rule from YAML or JSON. Raises ConditionInvalid that names the place."""
    if len(text) > MOST_LETTERS:
        raise ConditionInvalid("rule", f"is longer than {MOST_LETTERS:,} characters.")
    try:
        return defined(read_yaml(text))
    except YamlInvalid as error:
        raise ConditionInvalid("rule", str(error)) from None


def defined(written: Any) -> Definition:
    """A rule from what was read. Raises ConditionInvalid."""
    if not isinstance(written, Mapping):
        raise ConditionInvalid("rule", "must be an object with title and fails_when.")
    for name in written:
        if name not in _MEMBERS:
            known = ", ".join(sorted(_MEMBERS))
            raise ConditionInvalid(str(name)[:60], f"is not known; there are {known}.")
    types = _types(written.get("resource_types", []))
    only_when = written.get("only_when")
    if "fails_when" not in written:
        raise ConditionInvalid("fails_when", "is missing: when does a resource fail?")
    return Definition(
        title=_text(written, "title", _LONGEST, is_required=True),
        severity=_severity(written.get("severity", "medium")),
        resource_types=types,
        fails_when=compiled(written["fails_when"], "fails_when"),
        only_when=None if only_when is None else compiled(only_when, "only_when"),
        message=_text(written, "message", _LONGEST),
        description=_text(written, "description", 10 * _LONGEST),
        examples=_examples(written.get("examples", []), types),
        written=written,
    )


def _text(
    written: Mapping[str, Any], name: str, most: int, *, is_required: bool = False
) -> str:
    value = written.get(name, "")
    if not isinstance(value, str):
        raise ConditionInvalid(name, "must be text.")
    if is_required and not value.strip():
        raise ConditionInvalid(name, "is missing.")
    if len(value) > most:
        raise ConditionInvalid(name, f"is longer than {most} characters.")
    return value.strip()


def _severity(value: Any) -> Severity:
    try:
        return Severity(value)
    except ValueError:
        known = ", ".join(Severity)
        raise ConditionInvalid("severity", f"must be one of {known}.") from None


def _types(value: Any) -> tuple[str, ...]:
    if not isinstance(value, list) or len(value) > _MOST_TYPES:
        raise ConditionInvalid("resource_types", "must be a list of types.")
    for number, one in enumerate(value):
        if not isinstance(one, str) or one.count("::") < 1 or len(one) > _LONGEST:
            place = f"resource_types[{number}]"
            raise ConditionInvalid(place, "must be a type such as AWS::S3::Bucket.")
    return tuple(value)


def _examples(value: Any, types: tuple[str, ...]) -> list[Example]:
    if not isinstance(value, list) or len(value) > _MOST_EXAMPLES:
        raise ConditionInvalid(
            "examples", f"must be a list of {_MOST_EXAMPLES} at most."
        )
    return [_example(one, f"examples[{at}]", types) for at, one in enumerate(value)]


def _example(written: Any, place: str, types: tuple[str, ...]) -> Example:
    if not isinstance(written, Mapping) or not {"says", "resource"} <= written.keys():
        raise ConditionInvalid(place, "has a resource, and what the rule says of it.")
    if written["says"] not in [one.value for one in Outcome]:
        known = ", ".join(Outcome)
        raise ConditionInvalid(f"{place}.says", f"must be one of {known}.")
    resource = written["resource"]
    if not isinstance(resource, Mapping):
        raise ConditionInvalid(f"{place}.resource", "must be an object.")
    now = _EXAMPLE_NOW
    if "now" in written:
        given = moment_of(written["now"])
        if given is None:
            raise ConditionInvalid(f"{place}.now", "must be a time, RFC 3339.")
        now = given
    item = _item(resource, f"{place}.resource", types, now)
    return Example(Outcome(written["says"]), item, now)


def _item(
    resource: Mapping[str, Any], place: str, types: tuple[str, ...], now: datetime
) -> ConfigItem:
    parts: dict[str, Mapping[str, Any]] = {}
    for name in ("configuration", "supplementary", "tags"):
        parts[name] = resource.get(name) or {}
        if not isinstance(parts[name], Mapping):
            raise ConditionInvalid(f"{place}.{name}", "must be an object.")
    type_ = str(resource.get("type") or (types[0] if types else ""))
    return ConfigItem(
        key=ResourceKey(
            str(resource.get("account", "")),
            str(resource.get("region", "")),
            type_,
            str(resource.get("id", "example")),
        ),
        status=ItemStatus.OK,
        captured_at=now,
        source=ItemSource.SCANNER,
        name=str(resource.get("name", "")),
        arn=str(resource.get("arn", "")),
        created_at=moment_of(resource.get("created_at")),
        tags=parts["tags"],
        configuration=parts["configuration"],
        supplementary=parts["supplementary"],
    )
