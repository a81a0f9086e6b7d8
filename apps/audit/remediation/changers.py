"""Who changed a resource, as CloudTrail tells it: minutes late, so often nobody yet."""

from __future__ import annotations

from datetime import datetime

import orjson

from apps.audit.kinds import TRAIL
from apps.audit.models import Plan
from apps.audit.profiles import resource_node
from apps.search import store
from apps.search.engines.base import EngineUnavailable, Hit, Scope, SearchRequest
from apps.search.syntax import AllOf, AnyOf, Equals
from apps.search.timerange import TimeRange

SOMEBODY = "somebody"
_OURS = "trailmap-run-"
_SECONDS = 3.0
_MOST = 20


def who_changed(plan: Plan, since: datetime, until: datetime) -> str:
    """The last who changed it in this time, but for ourselves; "somebody" where the
    trail does not say."""
    names = {one for one in (plan.arn, plan.resource_id, plan.name) if one}
    if not names or since >= until:
        return SOMEBODY
    named = AnyOf(tuple(resource_node(one) for one in sorted(names)))
    asked = SearchRequest(
        TRAIL,
        until,
        AllOf((Equals("readOnly", "false"), named)),
        TimeRange(since, until),
        Scope(frozenset((plan.account,))),
        seconds=_SECONDS,
    )
    try:
        found = store.reader().find(asked, _MOST).hits
    except EngineUnavailable:
        return SOMEBODY
    actors = (_actor(hit) for hit in found)
    return next((one for one in actors if one and _OURS not in one), SOMEBODY)


def _actor(hit: Hit) -> str:
    record = orjson.loads(hit.raw)
    return str((record.get("userIdentity") or {}).get("arn") or "")
