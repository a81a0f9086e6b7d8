"""A state machine's definition and the history of an execution, as a graph."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from apps.audit.remediation.actions.base import GraphNode

_ENTERED, _EXITED = "StateEntered", "StateExited"
_MOST_NODES = 500
_MOST_TEXT = 300
# Events that end what runs at the time, for an execution or a state.
_FAILED = ("Failed", "TimedOut", "Aborted", "ScheduleFailed", "StartFailed")
Definition = Mapping[str, Any]
Event = Mapping[str, Any]


def graph_of(
    definition: Definition, events: Iterable[Event], *, is_over: bool
) -> tuple[GraphNode, ...]:
    """Every state of the definition, those of branches and iterators named by what
    they are in, such as `Both / 1 / Mail`, and how far it has come.

    Branches may have states of the same name; history tells them not apart, and so
    each shows what was last told of any.
    """
    told = _told(events)
    return tuple(
        _node(path, state, told, is_over=is_over)
        for path, state in list(_states(definition, ""))[:_MOST_NODES]
    )


def _states(definition: Definition, inside: str) -> Iterator[tuple[str, Definition]]:
    """From where it starts, in the order of what leads where."""
    states = definition.get("States", {})
    for name in _ordered(definition):
        state = states[name]
        yield f"{inside}{name}", state
        for number, branch in enumerate(state.get("Branches", ()), 1):
            yield from _states(branch, f"{inside}{name} / {number} / ")
        within = state.get("ItemProcessor") or state.get("Iterator")
        if within:
            yield from _states(within, f"{inside}{name} / ")


def _ordered(definition: Definition) -> list[str]:
    states = definition.get("States", {})
    found: dict[str, None] = {}
    waiting = [definition.get("StartAt", "")]
    while waiting:
        name = waiting.pop(0)
        if name in states and name not in found:
            found[name] = None
            waiting += _next(states[name])
    return [*found, *(name for name in states if name not in found)]


def _next(state: Definition) -> list[str]:
    """What may follow: by itself, by choice, by default, after an error."""
    named = [state.get("Next")]
    named += [one.get("Next") for one in state.get("Choices", ())]
    named.append(state.get("Default"))
    named += [one.get("Next") for one in state.get("Catch", ())]
    return list(dict.fromkeys(str(one) for one in named if one))


class _Told:
    """What history says of one state, last."""

    def __init__(self) -> None:
        self.state = "pending"
        self.text = ""


def _told(events: Iterable[Event]) -> dict[str, _Told]:
    """By name of state. A failure is of the state it came from: that which was
    entered last on the way to it."""
    ordered = sorted(events, key=lambda one: one["id"])
    by_id = {one["id"]: one for one in ordered}
    found: dict[str, _Told] = {}
    for event in ordered:
        kind = str(event["type"])
        if kind.endswith(_ENTERED):
            one = found.setdefault(event["stateEnteredEventDetails"]["name"], _Told())
            one.state, one.text = "running", ""
        elif kind.endswith(_EXITED):
            one = found.setdefault(event["stateExitedEventDetails"]["name"], _Told())
            one.state = "failed" if one.state == "failed" else "succeeded"
        elif kind.endswith(_FAILED):
            name = _entered(event, by_id)
            if name:
                one = found.setdefault(name, _Told())
                one.state, one.text = "failed", _reason(event)
    return found


def _entered(event: Event, by_id: Mapping[int, Event]) -> str:
    """The state that an event happened in; "" where it was in none."""
    seen = 0
    while event and seen <= len(by_id):
        kind = str(event["type"])
        if kind.endswith(_ENTERED):
            return str(event["stateEnteredEventDetails"]["name"])
        if kind.endswith(_EXITED):
            return ""
        event, seen = by_id.get(event.get("previousEventId", 0), {}), seen + 1
    return ""


def _reason(event: Event) -> str:
    for name, details in event.items():
        if name.endswith("EventDetails") and isinstance(details, Mapping):
            said = [details.get("error"), details.get("cause")]
            return ": ".join(str(one) for one in said if one)[:_MOST_TEXT]
    return ""


def _node(
    path: str, state: Definition, told: Mapping[str, _Told], *, is_over: bool
) -> GraphNode:
    inside, slash, name = path.rpartition(" / ")
    seen = told.get(name) or _Told()
    is_left = is_over and seen.state == "pending"
    # What ran when the execution was stopped did not end by itself.
    stopped = is_over and seen.state == "running"
    return GraphNode(
        name=path,
        kind=str(state.get("Type", "")),
        state="skipped" if is_left else "failed" if stopped else seen.state,
        text=seen.text or str(state.get("Comment", ""))[:_MOST_TEXT],
        next=tuple(f"{inside}{slash}{one}" for one in _next(state)),
    )
