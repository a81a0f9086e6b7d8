"""Rules of composite alarms.

Source: PutCompositeAlarm, CloudWatch API reference: AlarmRule.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from sandbox.cloudwatch.alarms.decisions import State

StateOf = Callable[[str], State | None]
"""The state of an alarm by its name, None where there is no such alarm."""

_TOKEN = re.compile(
    r"\s*(?:(?P<state>ALARM|OK|INSUFFICIENT_DATA)\s*\(\s*"
    r"(?:\"(?P<double>(?:[^\"\\]|\\.)*)\"|'(?P<single>(?:[^'\\]|\\.)*)'"
    r"|(?P<bare>[^\s\"')]+))\s*\)"
    r"|(?P<word>AND|OR|NOT|TRUE|FALSE)(?![\w-])|(?P<sign>[()]))"
)
# How deep parts may be in parts: the sandbox's own bound, AWS tells none.
_MOST_NESTED = 50


class BadRule(Exception):
    """The text is no rule."""


@dataclass(frozen=True, slots=True)
class Constant:
    value: bool


@dataclass(frozen=True, slots=True)
class IsIn:
    """True while an alarm is in a state."""

    alarm: str
    state: State


@dataclass(frozen=True, slots=True)
class Not:
    part: AlarmRule


@dataclass(frozen=True, slots=True)
class AnyOf:
    parts: tuple[AlarmRule, ...]


@dataclass(frozen=True, slots=True)
class AllOf:
    parts: tuple[AlarmRule, ...]


AlarmRule = Constant | IsIn | Not | AnyOf | AllOf


def name_of(alarm: str) -> str:
    """The name an ARN ends with; a name is its own."""
    return alarm.split(":", 6)[6] if alarm.startswith("arn:") else alarm


def parse(text: str) -> AlarmRule:
    """The rule a text says. Raises BadRule."""
    parser = _Parser(_tokens(text))
    rule = parser.either()
    parser.end()
    return rule


def _tokens(text: str) -> list[re.Match[str]]:
    found, at, end = [], 0, len(text.rstrip())
    while at < end:
        match = _TOKEN.match(text, at)
        if match is None:
            raise BadRule(f"at position {at}: {text[at : at + 20]!r}")
        found.append(match)
        at = match.end()
    return found


class _Parser:
    def __init__(self, tokens: Sequence[re.Match[str]]) -> None:
        self._tokens = tokens
        self._at = 0
        self._nested = 0

    def _word(self) -> str:
        """The word or sign that comes, empty at the end and before a function."""
        if self._at >= len(self._tokens):
            return ""
        token = self._tokens[self._at]
        return token["word"] or token["sign"] or ""

    def _accept(self, word: str) -> bool:
        is_it = self._word() == word
        self._at += is_it
        return is_it

    def end(self) -> None:
        if self._at < len(self._tokens):
            raise BadRule(f"near {self._tokens[self._at].group().strip()!r}")

    def either(self) -> AlarmRule:
        parts = [self._all()]
        while self._accept("OR"):
            parts.append(self._all())
        return parts[0] if len(parts) == 1 else AnyOf(tuple(parts))

    def _all(self) -> AlarmRule:
        parts = [self._not()]
        while self._accept("AND"):
            parts.append(self._not())
        return parts[0] if len(parts) == 1 else AllOf(tuple(parts))

    def _not(self) -> AlarmRule:
        """One condition; all that nests passes here."""
        if self._nested > _MOST_NESTED:
            raise BadRule("it is nested too deeply")
        self._nested += 1
        rule = self._perhaps_not()
        self._nested -= 1
        return rule

    def _perhaps_not(self) -> AlarmRule:
        if self._accept("NOT"):
            return Not(self._not())
        if self._accept("("):
            inner = self.either()
            if not self._accept(")"):
                raise BadRule("a parenthesis is not closed")
            return inner
        return self._leaf()

    def _leaf(self) -> AlarmRule:
        if self._at >= len(self._tokens):
            raise BadRule("the rule ends too early")
        token = self._tokens[self._at]
        self._at += 1
        if token["word"] in {"TRUE", "FALSE"}:
            return Constant(token["word"] == "TRUE")
        if token["state"] is None:
            raise BadRule(f"near {token.group().strip()!r}")
        quoted = token["double"] or token["single"]
        alarm = re.sub(r"\\(.)", r"\1", quoted) if quoted else token["bare"]
        return IsIn(name_of(alarm or ""), State(token["state"]))


def alarms_in(rule: AlarmRule) -> list[str]:
    """Names of the alarms a rule looks at, each once, as they come."""
    if isinstance(rule, IsIn):
        return [rule.alarm]
    if isinstance(rule, Not):
        return alarms_in(rule.part)
    if isinstance(rule, AnyOf | AllOf):
        named = [name for part in rule.parts for name in alarms_in(part)]
        return list(dict.fromkeys(named))
    return []


def holds(rule: AlarmRule, state_of: StateOf) -> bool:
    if isinstance(rule, Constant):
        return rule.value
    if isinstance(rule, IsIn):
        return state_of(rule.alarm) is rule.state
    if isinstance(rule, Not):
        return not holds(rule.part, state_of)
    if isinstance(rule, AnyOf):
        return any(holds(part, state_of) for part in rule.parts)
    return all(holds(part, state_of) for part in rule.parts)
