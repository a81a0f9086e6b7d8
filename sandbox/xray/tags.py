"""Tags of groups and sampling rules."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence

from sandbox.kernel.calls import Answer, Call, Handler
from sandbox.kernel.errors import ApiError
from sandbox.xray.pages import refused

_MOST = 50


class Tags:
    """Tags by ARN; what has an entry, even an empty one, exists."""

    def __init__(self) -> None:
        self._tags: dict[str, dict[str, str]] = {}
        self._lock = threading.Lock()
        self.operations: Mapping[str, Handler] = {
            "ListTagsForResource": self._list,
            "TagResource": self._tag,
            "UntagResource": self._untag,
        }

    def begin(self, arn: str, tags: Sequence[Mapping[str, str]] = ()) -> None:
        with self._lock:
            self._tags[arn] = _checked({}, tags, arn)

    def end(self, arn: str) -> None:
        with self._lock:
            self._tags.pop(arn, None)

    def _of(self, call: Call) -> dict[str, str]:
        arn = call.parameters["ResourceARN"]
        if arn not in self._tags:
            raise ApiError(
                "ResourceNotFoundException", f"Resource {arn} does not exist", 404
            )
        return self._tags[arn]

    def _list(self, call: Call) -> Answer:
        with self._lock:
            held = self._of(call)
            return {"Tags": [{"Key": key, "Value": held[key]} for key in held]}

    def _tag(self, call: Call) -> Answer:
        with self._lock:
            held, arn = self._of(call), call.parameters["ResourceARN"]
            self._tags[arn] = _checked(held, call.parameters["Tags"], arn)
        return {}

    def _untag(self, call: Call) -> Answer:
        with self._lock:
            held = self._of(call)
            for key in call.parameters["TagKeys"]:
                held.pop(key, None)
        return {}


def _checked(
    held: Mapping[str, str], tags: Sequence[Mapping[str, str]], arn: str
) -> dict[str, str]:
    new = {**held, **{tag["Key"]: tag["Value"] for tag in tags}}
    if any(key.lower().startswith("aws:") for key in new):
        raise refused("Tag keys must not begin with aws:")
    if len(new) > _MOST:
        raise ApiError("TooManyTagsException", f"{arn} has more than {_MOST} tags")
    return new
