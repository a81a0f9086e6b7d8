"""The plan as the document that is approved: written once, hashed, read back. Pure."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import NAMESPACE_URL, uuid5

import orjson

from apps.audit.remediation.actions.base import (
    Action,
    Call,
    Change,
    Draft,
    Image,
    Step,
    Subject,
    Values,
)
from apps.discovery.inventory.items import ResourceKey

Document = Mapping[str, Any]
FORM = 1
"""Raised where the shape of the document changes: older plans are void then."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a plan is made of. `rule` is the slug of what it must pass in the end."""

    action: Action
    subject: Subject
    parameters: Values
    partition: str
    rule: str
    expires_at: str


def written(wanted: Wanted, draft: Draft) -> dict[str, Any]:
    """The document of a repair."""
    action = wanted.action
    undo = action.undo(wanted.subject, wanted.parameters, draft)
    images = [action.state_after(draft, done) for done in range(len(draft.steps) + 1)]
    return {
        **_head(wanted),
        "reversibility": action.reversibility.value,
        "irreversible_because": action.irreversible_because,
        "before": dict(draft.before.values),
        "expected": dict(draft.expected.values),
        "changes": [_change(one) for one in draft.changes],
        "steps": [_step(one) for one in draft.steps],
        "digests": [image.digest for image in images],
        "undo": [_step(one) for one in undo],
        "warnings": list(draft.warnings),
        "population": draft.population,
    }


def written_back(wanted: Wanted, done: Document) -> dict[str, Any]:
    """The document that undoes what another one did. What lies between two of its
    steps nobody says: a step whose outcome is unknown there stops for a person."""
    steps = list(done["undo"])
    between = [""] * (len(steps) - 1)
    first, last = done["digests"][-1], done["digests"][0]
    return {
        **_head(wanted),
        "reversibility": "none",
        "irreversible_because": "It is a roll back: repair the resource again instead.",
        "before": done["expected"],
        "expected": done["before"],
        "changes": [
            {"path": one["path"], "before": one["after"], "after": one["before"]}
            for one in done["changes"]
        ],
        "steps": steps,
        "digests": [first, *between, last],
        "undo": [],
        "warnings": [],
        "population": done["population"],
    }


def _head(wanted: Wanted) -> dict[str, Any]:
    key = wanted.subject.key
    return {
        "form": FORM,
        "action": wanted.action.identifier,
        "version": wanted.action.version,
        "partition": wanted.partition,
        "account": key.account,
        "region": key.region,
        "resource": {
            "type": key.type,
            "id": key.id,
            "arn": wanted.subject.arn,
            "name": wanted.subject.name,
        },
        "parameters": dict(wanted.parameters),
        "rule": wanted.rule,
        "expires_at": wanted.expires_at,
    }


def hash_of(document: Document) -> str:
    told = orjson.dumps(plain(document), option=orjson.OPT_SORT_KEYS)
    return hashlib.sha256(told).hexdigest()


def plain(value: Any) -> Any:
    """As it comes back from a database: what JSON can say."""
    return orjson.loads(orjson.dumps(value, default=_as_list))


def _as_list(value: Any) -> Any:
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, tuple | set | frozenset):
        return list(value)
    return str(value)


def token_of(plan_hash: str, phase: str, number: int) -> str:
    """The same for the same step of the same plan, however often it is asked for."""
    return str(uuid5(NAMESPACE_URL, f"{plan_hash}|{phase}|{number}"))


def subject_of(document: Document) -> Subject:
    resource = document["resource"]
    key = ResourceKey(
        document["account"], document["region"], resource["type"], resource["id"]
    )
    return Subject(key, resource["arn"], resource["name"])


def draft_of(document: Document) -> Draft:
    """The draft that a document was written from."""
    return Draft(
        Image(document["before"]),
        Image(document["expected"]),
        tuple(step_of(one) for one in document["steps"]),
        tuple(
            Change(one["path"], one["before"], one["after"])
            for one in document["changes"]
        ),
        tuple(document["warnings"]),
        document["population"],
    )


def step_of(told: Mapping[str, Any]) -> Step:
    call = Call(told["service"], told["operation"], told["parameters"], told["token"])
    return Step(told["title"], call)


def _step(step: Step) -> dict[str, Any]:
    return {
        "title": step.title,
        "service": step.call.service,
        "operation": step.call.operation,
        "parameters": plain(dict(step.call.parameters)),
        "token": step.call.token,
    }


def _change(change: Change) -> dict[str, Any]:
    return {
        "path": change.path,
        "before": plain(change.before),
        "after": plain(change.after),
    }
