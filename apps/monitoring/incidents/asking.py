"""Conditions by their kind, and what many rules want to know in few questions."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from django.conf import settings
from django.utils.module_loading import import_string

from apps.discovery.alerthooks import (
    Batched,
    Condition,
    ConditionUnavailable,
    Described,
    Question,
    Reading,
)
from apps.search.engines.base import EngineUnavailable

Answer = Sequence[Reading] | ConditionUnavailable


@cache
def conditions() -> Mapping[str, Condition]:
    """Every kind of rule by its name, in the order of the settings."""
    declared = [import_string(path) for path in settings.ALERT_CONDITIONS]
    return {one.kind: one for one in declared}


def unit_of(kind: str, parameters: Mapping[str, Any]) -> str:
    condition = conditions().get(kind)
    if isinstance(condition, Described):
        return condition.unit_of(parameters)
    return condition.unit if condition else ""


def said(kind: str, parameters: Mapping[str, Any]) -> str:
    """What a rule watches, in a few words."""
    condition = conditions().get(kind)
    if condition is None:
        return f"{kind}, which is not known here any more"
    if isinstance(condition, Described):
        return condition.say(parameters)
    return condition.title


def answers(questions: Sequence[tuple[str, Question]]) -> list[Answer]:
    """Answers in the order of the questions, those of a kind asked together."""
    places: dict[str, list[int]] = defaultdict(list)
    for at, (kind, _) in enumerate(questions):
        places[kind].append(at)
    found: dict[int, Answer] = {}
    for kind, some in places.items():
        told = _of_kind(kind, [questions[at][1] for at in some])
        found |= dict(zip(some, told, strict=True))
    return [found[at] for at in range(len(questions))]


def _of_kind(kind: str, questions: Sequence[Question]) -> Sequence[Answer]:
    condition = conditions().get(kind)
    if condition is None:
        text = f"There are no rules of the kind {kind} here."
        return [ConditionUnavailable(text) for _ in questions]
    try:
        if isinstance(condition, Batched):
            told = condition.read_many(questions)
        else:
            told = [_one(condition, asked) for asked in questions]
    except EngineUnavailable as error:
        return [ConditionUnavailable(str(error)) for _ in questions]
    absent = condition.absent if isinstance(condition, Described) else None
    return [
        _with_absent(answer, asked, absent)
        for answer, asked in zip(told, questions, strict=True)
    ]


def _one(condition: Condition, asked: Question) -> Answer:
    try:
        return condition.read(asked.parameters, asked.periods, asked.scope)
    except ConditionUnavailable as error:
        return error


def _with_absent(answer: Answer, asked: Question, absent: float | None) -> Answer:
    """What was met before and is not there now is there too, for it may have to be
    resolved. It is as late as the latest of the others."""
    if isinstance(answer, ConditionUnavailable):
        return answer
    missing = asked.keys - {one.key for one in answer}
    if not missing:
        return answer
    late = min((one.late for one in answer if one.late is not None), default=None)
    values = (absent,) * asked.periods.count
    return [
        *answer,
        *(Reading(key, values, "", "", late=late) for key in sorted(missing)),
    ]
