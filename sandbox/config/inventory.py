"""What is recorded: resources, their items over time, and queries over them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

from sandbox.config import answers, queries
from sandbox.config.items import Item, api_item, base_item, query_item, text
from sandbox.config.paging import page
from sandbox.config.state import Place, Store
from sandbox.kernel.calls import Answer, Call, Handler
from sandbox.kernel.errors import ApiError

_MOST = 100
_HISTORY_PAGE = 10
_QUERY_PAGE = 25


class Inventory:
    """Reads of what was recorded."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self.operations: Mapping[str, Handler] = {
            "ListDiscoveredResources": self._list,
            "BatchGetResourceConfig": self._batch,
            "GetResourceConfigHistory": self._history,
            "GetDiscoveredResourceCounts": self._counts,
            "SelectResourceConfig": self._select,
        }

    def _list(self, call: Call) -> Answer:
        place = self._store.at(call.place)
        place.the_recorder()
        asked = call.parameters
        if asked.get("resourceIds") and asked.get("resourceName"):
            raise ApiError(
                "ValidationException",
                "Provide either a list of resource IDs or a resource name, not both.",
            )
        found = [
            _identifier(item) for item in _last_items(place) if _is_asked(item, asked)
        ]
        shown, more = page(found, asked.get("nextToken"), asked.get("limit") or _MOST)
        return {"resourceIdentifiers": shown, **more}

    def _batch(self, call: Call) -> Answer:
        place = self._store.at(call.place)
        place.the_recorder()
        found, missing = [], []
        for key in call.parameters["resourceKeys"]:
            item = place.last((key["resourceType"], key["resourceId"]))
            if item is None or item.is_deleted:
                missing.append(key)
            else:
                found.append(base_item(item))
        unprocessed = {"unprocessedResourceKeys": missing} if missing else {}
        return {"baseConfigurationItems": found, **unprocessed}

    def _history(self, call: Call) -> Answer:
        place, asked = self._store.at(call.place), call.parameters
        place.the_recorder()
        key = (asked["resourceType"], asked["resourceId"])
        if key not in place.history:
            raise ApiError(
                "ResourceNotDiscoveredException",
                f"Resource {key[1]} of resourceType:{key[0]} is unknown or has not "
                "been discovered",
            )
        later = asked.get("laterTime", call.now)
        earlier = asked.get("earlierTime", 0)
        if earlier > later:
            raise ApiError(
                "InvalidTimeRangeException",
                "The earlier time cannot be later than the later time.",
            )
        items = [i for i in place.history[key] if earlier <= i.captured <= later]
        if asked.get("chronologicalOrder") != "Forward":
            items.reverse()
        limit = asked.get("limit") or _HISTORY_PAGE
        shown, more = page(items, asked.get("nextToken"), limit)
        return {"configurationItems": [api_item(item) for item in shown], **more}

    def _counts(self, call: Call) -> Answer:
        place, asked = self._store.at(call.place), call.parameters
        types = asked.get("resourceTypes") or ()
        counted = Counter(
            item.found.resource_type
            for item in place.current()
            if not types or item.found.resource_type in types
        )
        counts = [
            {"resourceType": resource_type, "count": count}
            for resource_type, count in counted.most_common()
        ]
        shown, more = page(counts, asked.get("nextToken"), asked.get("limit") or _MOST)
        total = sum(counted.values())
        return {"totalDiscoveredResources": total, "resourceCounts": shown, **more}

    def _select(self, call: Call) -> Answer:
        asked = call.parameters
        try:
            query = queries.parse(asked["Expression"])
        except queries.QueryError as error:
            raise ApiError(
                "InvalidExpressionException", f"Syntax error in expression: {error}"
            ) from error
        rows = [query_item(item) for item in self._store.at(call.place).current()]
        found = answers.answer(query, rows)
        limit = asked.get("Limit") or _QUERY_PAGE
        shown, more = page(found, asked.get("NextToken"), limit, "NextToken")
        fields = [{"Name": column.name} for column in query.selected]
        return {
            "Results": [text(row) for row in shown],
            "QueryInfo": {"SelectFields": fields},
            **more,
        }


def _last_items(place: Place) -> list[Item]:
    return [items[-1] for items in list(place.history.values())]


def _is_asked(item: Item, asked: Mapping[str, Any]) -> bool:
    found = item.found
    if found.resource_type != asked["resourceType"]:
        return False
    if item.is_deleted and not asked.get("includeDeletedResources"):
        return False
    ids, name = asked.get("resourceIds"), asked.get("resourceName")
    return (not ids or found.resource_id in ids) and (not name or found.name == name)


def _identifier(item: Item) -> dict[str, Any]:
    found = item.found
    identifier: dict[str, Any] = {
        "resourceType": found.resource_type,
        "resourceId": found.resource_id,
    }
    if found.name:
        identifier["resourceName"] = found.name
    if item.is_deleted:
        identifier["resourceDeletionTime"] = item.captured
    return identifier
