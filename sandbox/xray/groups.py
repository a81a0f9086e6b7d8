"""Groups of traces, each named by a filter expression."""

from __future__ import annotations

import secrets
import string
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sandbox.kernel.calls import Answer, Call, Handler, Parameters
from sandbox.xray import filterlanguage
from sandbox.xray.filterlanguage import Node
from sandbox.xray.pages import refused
from sandbox.xray.places import Place, Places
from sandbox.xray.tags import Tags

_MOST = 25
_LETTERS = string.ascii_uppercase + "234567"
_DEFAULT = "Default"


@dataclass(slots=True)
class Group:
    """`node` is the expression, parsed; None takes every trace."""

    name: str
    arn: str
    expression: str = ""
    node: Node | None = None
    insights: dict[str, bool] = field(default_factory=dict)

    def answer(self) -> dict[str, Any]:
        settings = {"InsightsEnabled": False, "NotificationsEnabled": False}
        made: dict[str, Any] = {"GroupName": self.name, "GroupARN": self.arn}
        if self.expression:
            made["FilterExpression"] = self.expression
        return {**made, "InsightsConfiguration": {**settings, **self.insights}}


class Groups:
    """The groups of every account and region."""

    def __init__(self, tags: Tags) -> None:
        self._tags = tags
        self._lock = threading.Lock()
        self._groups: Places[dict[str, Group]] = Places(_first_groups)
        self.operations: Mapping[str, Handler] = {
            "CreateGroup": self._create,
            "DeleteGroup": self._delete,
            "GetGroup": self._get,
            "GetGroups": self._list,
            "UpdateGroup": self._update,
        }

    def asked_for(self, call: Call) -> Group | None:
        """The group that a call names, or None where it names none."""
        if call.parameters.get("GroupName") or call.parameters.get("GroupARN"):
            return self._named(call)
        return None

    def found(self, place: Place, keyword: str, value: str) -> Group | None:
        """By `group.name` or `group.arn`."""
        groups = self._groups[place]
        if keyword == "group.name":
            return groups.get(value)
        return next((g for g in list(groups.values()) if g.arn == value), None)

    def _named(self, call: Call) -> Group:
        name, arn = (call.parameters.get(m) for m in ("GroupName", "GroupARN"))
        if bool(name) is bool(arn):
            raise refused("Specify either a group name or a group ARN, but not both")
        keyword = "group.name" if name else "group.arn"
        group = self.found(call.place, keyword, str(name or arn))
        if group is None:
            raise refused("Group not found")
        return group

    def _create(self, call: Call) -> Answer:
        name = call.parameters["GroupName"]
        unique = "".join(secrets.choice(_LETTERS) for _ in range(52))
        group = Group(name, call.arn(f"group/{name}/{unique}"))
        _change(group, call.parameters)
        with self._lock:
            groups = self._groups[call.place]
            if name in groups:
                raise refused("Group already exists")
            if len(groups) > _MOST:
                raise refused(f"An account has at most {_MOST} groups in a Region")
            self._tags.begin(group.arn, call.parameters.get("Tags") or ())
            groups[name] = group
        return {"Group": group.answer()}

    def _get(self, call: Call) -> Answer:
        return {"Group": self._named(call).answer()}

    def _list(self, call: Call) -> Answer:
        with self._lock:
            groups = list(self._groups[call.place].values())
        return {"Groups": [group.answer() for group in groups]}

    def _update(self, call: Call) -> Answer:
        with self._lock:
            group = self._named(call)
            if group.name == _DEFAULT and call.parameters.get("FilterExpression"):
                raise refused("The Default group has no filter expression")
            _change(group, call.parameters)
        return {"Group": group.answer()}

    def _delete(self, call: Call) -> Answer:
        with self._lock:
            group = self._named(call)
            if group.name == _DEFAULT:
                raise refused("The Default group cannot be deleted")
            del self._groups[call.place][group.name]
            self._tags.end(group.arn)
        return {}


def _first_groups(place: Place) -> dict[str, Group]:
    account, region = place
    arn = f"arn:aws:xray:{region}:{account}:group/{_DEFAULT}"
    return {_DEFAULT: Group(_DEFAULT, arn)}


def _change(group: Group, parameters: Parameters) -> None:
    expression = parameters.get("FilterExpression")
    if expression is not None:
        group.node = checked(expression) if expression else None
        group.expression = expression
    settings = parameters.get("InsightsConfiguration")
    if settings:
        if settings.get("NotificationsEnabled") and not settings.get("InsightsEnabled"):
            raise refused("Notifications need insights to be enabled")
        group.insights = dict(settings)


def checked(expression: str) -> Node:
    """The expression as a tree. Raises where it, or a keyword of it, is none."""
    node = filterlanguage.parse(expression)
    unknown = sorted(filterlanguage.unknown_keywords(node))
    if unknown:
        raise refused(f"Invalid filter expression: no keyword {', '.join(unknown)}.")
    return node
