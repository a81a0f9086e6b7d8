"""A question about log lines as a URL has it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from urllib.parse import urlencode

from apps.monitoring.kinds import LOGS
from apps.monitoring.languages.filterpatterns import PatternError
from apps.monitoring.languages.insights import QueryError
from apps.monitoring.languages.running import Inquiry, Language, Question
from apps.search.explorestate import ExploreState
from apps.search.results import PROBLEMS as STORE_PROBLEMS
from apps.search.results import Problem, problem_of

MOST_GROUPS = 1_000
PROBLEMS = (*STORE_PROBLEMS, PatternError, QueryError)
EXAMPLES: Mapping[Language, tuple[tuple[str, str], ...]] = {
    Language.TRAILMAP: LOGS.examples,
    Language.PATTERN: (
        ("Errors, but no timeouts", "ERROR -timeout"),
        ("A phrase", '"connection refused"'),
        ("Failed requests in JSON", "{ $.status >= 500 }"),
        ("Columns of an access log", "[ip, ..., request, status = 5*, size]"),
        ("A regular expression", "%4[0-9]{2}%"),
        ("One of several words", "?ERROR ?Exception ?Traceback"),
        ("A field that is missing in JSON", "{ $.user.id NOT EXISTS }"),
        ("A slow request of one path", '{ $.path = "/pay*" && $.duration > 500 }'),
    ),
    Language.INSIGHTS: (
        (
            "25 newest lines",
            "fields @timestamp, @message | sort @timestamp desc | limit 25",
        ),
        (
            "Exceptions every 5 minutes",
            "filter @message like /Exception/ | stats count(*) by bin(5m)",
        ),
        (
            "Lambda durations",
            'filter @type = "REPORT" | stats avg(@duration), max(@duration), '
            "min(@duration) by bin(5m)",
        ),
        (
            "Lambda cold starts by function",
            'filter @type = "REPORT" and ispresent(@initDuration) '
            "| stats count(*) as starts, pct(@initDuration, 95) by @logGroup",
        ),
        (
            "Errors by log group",
            'filter @level = "ERROR" | stats count(*) as errors by @logGroup '
            "| sort errors desc",
        ),
        (
            "Slowest requests",
            "fields @timestamp, @logGroup, @duration | filter ispresent(@duration) "
            "| sort @duration desc | limit 20",
        ),
        (
            "Each message once, the newest first",
            "fields @timestamp, @message | sort @timestamp desc | dedup @message "
            "| limit 50",
        ),
        (
            "Top talkers of a VPC",
            "stats sum(bytes) as sent by srcAddr, dstAddr | sort sent desc | limit 15",
        ),
        (
            "Pieces of a line",
            'parse @message "user=* took *ms" as user, took '
            "| stats avg(took), count(*) by user",
        ),
    ),
}
LABELS: Mapping[Language, str] = {
    Language.TRAILMAP: "Trailmap query",
    Language.PATTERN: "Filter pattern",
    Language.INSIGHTS: "Logs Insights",
}


@dataclass(frozen=True, slots=True)
class Asked:
    """What the URL asks; `is_asked` is false where nobody asked anything yet."""

    language: Language
    query: str
    groups: tuple[str, ...]
    state: ExploreState
    is_asked: bool

    @classmethod
    def read(cls, parameters: Mapping[str, Sequence[str]]) -> Asked:
        named = (parameters.get("language") or [Language.INSIGHTS])[-1]
        known = {one.value for one in Language}
        language = Language(named) if named in known else Language.INSIGHTS
        groups = [
            name.strip()
            for given in parameters.get("groups", ())
            for name in given.split(",")
        ]
        chosen = tuple(dict.fromkeys(name for name in groups if name))[:MOST_GROUPS]
        query = (parameters.get("query") or [""])[-1]
        state = ExploreState.read(parameters)
        return cls(language, query, chosen, state, "query" in parameters)

    def question(
        self, visible: frozenset[str] | None, now: datetime, seconds: float
    ) -> Question:
        """Raises TimeError."""
        request = self.state.request(LOGS, visible, now, seconds)
        return Question(self.language, self.query, self.groups, request)

    def url_query(self) -> str:
        """The same question for another route of ours."""
        state = self.state
        pairs = [("language", self.language.value), ("query", self.query)]
        pairs += [("groups", name) for name in self.groups]
        pairs += [("since", state.since), ("until", state.until)]
        for name, values in (("account", state.accounts), ("region", state.regions)):
            pairs += [(name, ",".join(values))] if values else []
        return "?" + urlencode(pairs)


def inquiry_of(
    asked: Asked, visible: frozenset[str] | None, now: datetime, seconds: float
) -> Inquiry:
    """Raises what PROBLEMS names."""
    return Inquiry(asked.question(visible, now, seconds))


@dataclass(frozen=True, slots=True)
class LineProblem(Problem):
    """A problem of a text of several lines: `position` counts within its line.
    `is_foreign`: AWS itself could answer the query."""

    line: int = 0
    is_foreign: bool = False


def told(error: Exception, query: str) -> LineProblem:
    """A problem with the place in the query that it is about."""
    title, is_foreign = "This query cannot be read", False
    if isinstance(error, PatternError):
        title = "This filter pattern cannot be read"
    elif isinstance(error, QueryError):
        is_foreign = error.is_foreign
        title = "This query is for CloudWatch itself" if is_foreign else title
    else:
        found = problem_of(error)
        return _placed(found.title, found.text, found.position, query)
    placed = _placed(title, str(error), error.position, query)
    return replace(placed, is_foreign=is_foreign)


def _placed(title: str, text: str, position: int | None, query: str) -> LineProblem:
    """Of a query of several lines, the place is told as line and column."""
    if position is None:
        return LineProblem(title, text)
    before = query[:position].split("\n")
    line, column = len(before), len(before[-1])
    if "\n" in query.strip():
        place = f"at line {line}, column {column + 1}"
        text = text.replace(f"at character {position + 1}", place)
    return LineProblem(title, text, column, line - 1)
