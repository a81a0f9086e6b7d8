"""Operations of Logs Insights."""

from __future__ import annotations

import threading
import uuid
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from sandbox.kernel.calls import Answer, Call, Handler
from sandbox.kernel.errors import ApiError
from sandbox.logs.eventids import before, parse_id
from sandbox.logs.groups import Group, Groups, Place, invalid, not_found, whole
from sandbox.logs.insights.parser import parse_query
from sandbox.logs.insights.syntax import Query, QueryError
from sandbox.logs.insights.values import text
from sandbox.logs.paging import page
from sandbox.logs.queries import Asked, Queries, Run, record_of
from sandbox.logs.store import EventStore, Span

_MOST_GROUPS = 50
_MOST_RUNNING = 100
_MOST_ROWS_A_PAGE = 10_000
_MOST_DEFINITIONS = 1_000
_FIELDS_AROUND_MS = 8 * 60_000
_FIELDS_BEFORE_MS = 15 * 60_000
_FIELDS_OF = 1_000


class QueryHandlers:
    def __init__(self, groups: Groups, store: EventStore) -> None:
        self._groups = groups
        self._store = store
        self._queries = Queries(store)
        self._changing = threading.Lock()
        self._definitions: dict[Place, dict[str, dict[str, Any]]] = {}
        self.operations: Mapping[str, Handler] = {
            "DeleteQueryDefinition": self._delete_definition,
            "DescribeQueries": self._describe,
            "DescribeQueryDefinitions": self._describe_definitions,
            "GetLogGroupFields": self._fields,
            "GetLogRecord": self._record,
            "GetQueryResults": self._results,
            "PutQueryDefinition": self._put_definition,
            "StartQuery": self._start,
            "StopQuery": self._stop,
        }

    def _start(self, call: Call) -> Answer:
        given = call.parameters
        _check_language(given)
        groups = self._chosen(call.place, given)
        start, end = whole(given, "startTime") or 0, whole(given, "endTime") or 0
        if start > end:
            raise invalid("End time should not be less than start time.")
        query = parsed(given["queryString"])
        running = [run for run in self._queries.all() if run.status == "Running"]
        if len(running) >= _MOST_RUNNING:
            raise ApiError(
                "LimitExceededException", "Account maximum query concurrency limit"
            )
        asked = Asked(
            query,
            start * 1_000,
            # "The range is inclusive": StartQuery, endTime, a whole second.
            end * 1_000 + 999,
            call.now,
            call.place,
            given.get("limit"),
        )
        run = self._queries.start(
            given["queryString"], groups, asked, call.principal.arn
        )
        return {"queryId": run.id}

    def _chosen(self, place: Place, given: Mapping[str, Any]) -> Sequence[Group]:
        members = ("logGroupName", "logGroupNames", "logGroupIdentifiers")
        named = [member for member in members if given.get(member)]
        if len(named) != 1:
            raise invalid(
                "Exactly one of logGroupName, logGroupNames and logGroupIdentifiers "
                "must be given"
            )
        wanted = given[named[0]]
        names = [wanted] if isinstance(wanted, str) else list(dict.fromkeys(wanted))
        if len(names) > _MOST_GROUPS:
            raise invalid(f"A query is of {_MOST_GROUPS} log groups at most")
        return [self._groups.identified(place, name) for name in names]

    def _run(self, call: Call) -> Run:
        run = self._queries.get(call.parameters["queryId"])
        if run.place != call.place:
            raise ApiError("ResourceNotFoundException", "The query does not exist.")
        return run

    def _results(self, call: Call) -> Answer:
        run = self._run(call)
        most = call.parameters.get("maxItems") or _MOST_ROWS_A_PAGE
        asked = {"nextToken": call.parameters.get("nextToken"), "limit": most}
        found = page(run.outcome.rows, asked, "results")
        found["results"] = [
            [{"field": name, "value": value} for name, value in row]
            for row in found["results"]
        ]
        return {
            **found,
            "queryLanguage": "CWLI",
            "statistics": dict(run.statistics),
            "status": run.status,
        }

    def _stop(self, call: Call) -> Answer:
        run = self._run(call)
        if not self._queries.stop(run.id):
            raise invalid("Query is not running.")
        return {"success": True}

    def _describe(self, call: Call) -> Answer:
        given = call.parameters
        found = [
            _described(run)
            for run in self._queries.all()
            if run.place == call.place
            and given.get("status") in {None, run.status}
            and given.get("logGroupName")
            in {None, *(group.name for group in run.groups)}
        ]
        return page(found, given, "queries", 1_000)

    def _record(self, call: Call) -> Answer:
        parsed_id = parse_id(call.parameters["logRecordPointer"])
        if parsed_id is None:
            raise invalid("The log record pointer is invalid.")
        group_id, position = parsed_id
        groups = [one for one in self._groups.of(call.place) if one.id == group_id]
        row = self._store.find(group_id, position) if groups else None
        if row is None:
            raise not_found("log record")
        fields = record_of(groups[0], row).fields()
        plain = {
            "@timestamp": str(row.timestamp),
            "@ingestionTime": str(row.ingested),
            "@ptr": call.parameters["logRecordPointer"],
        }
        printed = {name: text(value) or "" for name, value in fields.items()}
        return {"logRecord": {**printed, **plain}}

    def _fields(self, call: Call) -> Answer:
        """Of the events around a time, or of the last 15 minutes."""
        group = self._groups.named(call.place, call.parameters)
        now_ms = round(call.now * 1_000)
        start, end = now_ms - _FIELDS_BEFORE_MS, now_ms
        middle = (whole(call.parameters, "time") or 0) * 1_000
        if middle:
            start, end = middle - _FIELDS_AROUND_MS, middle + _FIELDS_AROUND_MS
        span = Span(group.id, before(start), before(end + 1), newest_first=True)
        rows = self._store.scan(span, _FIELDS_OF)
        seen = Counter(name for row in rows for name in record_of(group, row).fields())
        return {
            "logGroupFields": [
                {"name": name, "percent": round(100 * count / len(rows))}
                for name, count in seen.most_common()
            ]
        }

    def _put_definition(self, call: Call) -> Answer:
        given = call.parameters
        _check_language(given)
        wanted = given.get("queryDefinitionId")
        made = {
            "queryLanguage": "CWLI",
            "queryDefinitionId": wanted or str(uuid.uuid4()),
            "name": given["name"],
            "queryString": given["queryString"],
            "lastModified": round(call.now * 1_000),
            "logGroupNames": list(given.get("logGroupNames") or ()),
        }
        if given.get("parameters"):
            made["parameters"] = given["parameters"]
        self._define(call.place, made, wanted)
        return {"queryDefinitionId": made["queryDefinitionId"]}

    def _define(self, place: Place, made: dict[str, Any], wanted: str | None) -> None:
        with self._changing:
            definitions = self._definitions.setdefault(place, {})
            if wanted and wanted not in definitions:
                raise not_found("query definition")
            if not wanted and len(definitions) >= _MOST_DEFINITIONS:
                raise ApiError("LimitExceededException", "Resource limit exceeded.")
            definitions[made["queryDefinitionId"]] = made

    def _describe_definitions(self, call: Call) -> Answer:
        prefix = call.parameters.get("queryDefinitionNamePrefix") or ""
        with self._changing:
            definitions = list(self._definitions.get(call.place, {}).values())
        found = sorted(
            (one for one in definitions if one["name"].startswith(prefix)),
            key=lambda one: str(one["name"]),
        )
        return page(found, call.parameters, "queryDefinitions", 1_000)

    def _delete_definition(self, call: Call) -> Answer:
        with self._changing:
            definitions = self._definitions.get(call.place, {})
            if definitions.pop(call.parameters["queryDefinitionId"], None) is None:
                raise not_found("query definition")
        return {"success": True}


def _check_language(given: Mapping[str, Any]) -> None:
    if given.get("queryLanguage") not in {None, "CWLI"}:
        raise invalid("The sandbox has Logs Insights QL (CWLI) only")


def parsed(source: str) -> Query:
    """Raises MalformedQueryException with the place of the mistake."""
    try:
        return parse_query(source)
    except QueryError as error:
        location = {"startCharOffset": error.start, "endCharOffset": error.end}
        said = {"message": error.message, "location": location}
        raise ApiError(
            "MalformedQueryException",
            f"{error.message} at position {error.start}",
            details={"queryCompileError": said},
        ) from error


def _described(run: Run) -> dict[str, Any]:
    return {
        "queryLanguage": "CWLI",
        "queryId": run.id,
        "queryString": run.text,
        "status": run.status,
        "createTime": round(run.created * 1_000),
        "logGroupName": run.groups[0].name,
        "queryDuration": run.took_ms,
        "bytesScanned": float(run.counted.bytes),
        "userIdentity": run.by,
    }
