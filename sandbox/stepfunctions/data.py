"""What a state gets and gives: paths, parameters and results.

Source: Step Functions Developer Guide, "Processing input and output".
"""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any

from sandbox.kernel import jsonpaths


class StateFailed(Exception):
    """A state failed with an error of this name, which a catcher may name."""

    def __init__(self, error: str, cause: str) -> None:
        super().__init__(f"{error}: {cause}")
        self.error, self.cause = error, cause


def entered(state: Mapping[str, Any], given: Any, context: Mapping[str, Any]) -> Any:
    """What the state works on: its InputPath, then its Parameters."""
    found = path(state.get("InputPath", "$"), given, context)
    if "Parameters" in state:
        return filled(state["Parameters"], found, context)
    return found


def left(state: Mapping[str, Any], given: Any, result: Any) -> Any:
    """What the next state gets: the result where ResultPath says, by OutputPath."""
    where = state.get("ResultPath", "$")
    output = _put(given, where, result)
    return path(state.get("OutputPath", "$"), output, {})


def path(text: str | None, document: Any, context: Mapping[str, Any]) -> Any:
    """What a path names; `$$` of the context object. Raises StateFailed."""
    if text is None:
        return {}
    is_context = text.startswith("$$")
    found = jsonpaths.find(text.removeprefix("$"), context if is_context else document)
    if found is jsonpaths.ABSENT:
        raise StateFailed("States.ParameterPathFailure", f"{text} names nothing.")
    return found


def filled(template: Any, document: Any, context: Mapping[str, Any]) -> Any:
    """A template whose names that end with `.$` are paths."""
    if isinstance(template, list):
        return [filled(one, document, context) for one in template]
    if not isinstance(template, Mapping):
        return template
    return {
        name.removesuffix(".$"): path(value, document, context)
        if name.endswith(".$")
        else filled(value, document, context)
        for name, value in template.items()
    }


def _put(given: Any, where: str | None, result: Any) -> Any:
    if where is None:
        return given
    if where == "$":
        return result
    names = where.removeprefix("$.").split(".")
    output = copy.deepcopy(given) if isinstance(given, dict) else {}
    at = output
    for name in names[:-1]:
        at = at.setdefault(name, {})
    at[names[-1]] = result
    return output
