"""`search KIND QUERY`: the site's search, for terminals and pipes.

A query that begins with a minus sign stands after `--`.
"""

from argparse import ArgumentParser
from collections.abc import Iterator
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from apps.search import exporting, results, store
from apps.search.engines.base import Hit, SearchRequest, SortOrder
from apps.search.explorestate import ExploreState
from apps.search.jsontree import visible
from apps.search.kinds import Kind
from apps.search.timerange import from_milliseconds, rfc3339


class Command(BaseCommand):
    help = "Search documents of a kind on this machine, newest first."

    def create_parser(self, *args: Any, **kwargs: Any) -> CommandParser:
        """Options may stand before the query as well as after it."""
        parser = super().create_parser(*args, **kwargs)
        parser.parse_args = parser.parse_intermixed_args  # type: ignore[method-assign]
        return parser

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("kind", choices=list(store.kinds()))
        parser.add_argument("query", nargs="?", default="")
        parser.add_argument("--since", default="now-24h")
        parser.add_argument("--until", default="now")
        parser.add_argument("--size", type=int, default=50, help="rows, default 50")
        shape = parser.add_mutually_exclusive_group()
        shape.add_argument("--count", action="store_true", help="only how many")
        shape.add_argument(
            "--json", action="store_true", help="whole records, a line each"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        state = ExploreState(
            q=options["query"], since=options["since"], until=options["until"]
        )
        kind = store.kind_named(options["kind"])
        try:
            asked = state.request(kind, None, timezone.now(), settings.SEARCH_SECONDS)
            if options["count"]:
                self.stdout.write(_counted(asked))
                return
            hits = exporting.hits(
                store.reader(), asked, SortOrder.NEWEST, options["size"]
            )
            self._write(hits, asked, as_json=options["json"])
        except exporting.ExportCut as error:
            raise CommandError(str(error)) from error
        except results.PROBLEMS as error:
            problem = results.problem_of(error)
            raise CommandError(f"{problem.title}: {problem.text}") from error

    def _write(
        self, hits: Iterator[list[Hit]], asked: SearchRequest, *, as_json: bool
    ) -> None:
        for page in hits:
            if as_json:
                self.stdout.write(exporting.ndjson(page).decode(), ending="")
            else:
                for hit in page:
                    self.stdout.write(_line(hit, asked.kind))
        if not as_json:
            self.stderr.write(_counted(asked))


def _counted(asked: SearchRequest) -> str:
    total = store.reader().count(asked)
    more = "" if total.exact else f"; {total.partial}"
    since, until = rfc3339(asked.range.since), rfc3339(asked.range.until)
    noun = asked.kind.one if total.value == 1 else asked.kind.many
    return f"{total.value:,} {noun} from {since} to {until}{more}"


def _line(hit: Hit, kind: Kind) -> str:
    """Time and columns, two spaces apart, what would move the cursor written out."""
    record = exporting.record_of(hit)
    cells = (results.cell(record, path) for path in kind.columns)
    shown = [visible(" ".join(values)) or "-" for values in cells]
    return "  ".join([rfc3339(from_milliseconds(hit.time_ms)), *shown])
