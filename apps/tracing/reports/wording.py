"""Findings in sentences."""

from __future__ import annotations

from apps.tracing.reports.chattiness import Example, Finding, Habit
from apps.tracing.traces.durations import shown

TITLES = {
    Habit.REPEATED: "The same call again",
    Habit.ONE_BY_ONE: "One by one",
    Habit.IN_TURN: "One after the other",
    Habit.EMPTY: "Nothing came back",
}
ADVICE = {
    Habit.REPEATED: "Ask once and keep the answer for the rest of the request.",
    Habit.ONE_BY_ONE: "Ask for all of them in one call: a batch, a list, or a join.",
    Habit.IN_TURN: "Start them together, where none needs the answer of another.",
    Habit.EMPTY: "Leave the call out, or let it ride along with another one.",
}
REMAINS = {
    Habit.REPEATED: "the longest call",
    Habit.ONE_BY_ONE: "the longest call, as one batch",
    Habit.IN_TURN: "the longest call",
    Habit.EMPTY: "nothing",
}


def sentence(finding: Finding) -> str:
    """What a service does, such as: catalog calls pricing 12 times a request."""
    source, target = finding.source.name, finding.target.name
    times = times_of(finding.calls_each)
    if finding.habit is Habit.IN_TURN:
        return f"{source} waits for {times_of(finding.calls_each, 'calls')} in turn"
    if finding.habit is Habit.EMPTY:
        return f"{source} asks {target} {times} a request and gets nothing back"
    same = " for the same" if finding.habit is Habit.REPEATED else ""
    return f"{source} asks {target} {times} a request{same}"


def times_of(count: float, word: str = "times") -> str:
    if count >= 10 or count == int(count):  # noqa: PLR2004  # enough digits
        return f"{count:.0f} {word}"
    return f"{count:.1f} {word}"


def arithmetic(example: Example) -> str:
    """How an estimate comes about, for one request."""
    return (
        f"{example.calls} calls took {_shown(example.covered_us)} together, less "
        f"{_shown(example.longest_us)} that remain: {_shown(example.saved_us)} of "
        f"{_shown(example.request_us)}"
    )


def _shown(microseconds: int) -> str:
    return shown(microseconds / 1_000) if microseconds else "0 ms"
