"""Exports: whole records, cells no spreadsheet runs, pages in constant memory."""

import csv
import io
import json

import pytest

from apps.audit.kinds import TRAIL
from apps.search import exporting, store
from apps.search.engines.base import SearchRequest, SortOrder
from tests.conftest import Fill
from tests.factories import NOON, an_event

EVERYTHING = SearchRequest(TRAIL, NOON)


def rows(columns: tuple[str, ...]) -> list[list[str]]:
    pages = exporting.hits(store.reader(), EVERYTHING, SortOrder.NEWEST, 100)
    text = b"".join(exporting.csv_rows(page, columns) for page in pages).decode()
    return list(csv.reader(io.StringIO(text)))


@pytest.mark.parametrize("value", ["=1+1", "+x", "-x", "@x", "\tx", "\uff1dx"])
def test_a_cell_that_a_spreadsheet_would_run_becomes_text(
    fill: Fill, value: str
) -> None:
    fill(an_event(userAgent=value))

    assert rows(("userAgent",))[0][1] == "'" + value


def test_cells_with_commas_quotes_and_line_breaks_survive(fill: Fill) -> None:
    fill(an_event(userAgent='a,"b"\nc', requestParameters={"n": -5, "l": ["x", "y"]}))

    row = rows(("userAgent", "requestParameters.n", "requestParameters.l", "lost"))[0]

    assert row[1:5] == ['a,"b"\nc', "-5", "x; y", ""]


def test_an_export_goes_on_over_pages_up_to_its_limit(fill: Fill) -> None:
    fill(*[an_event() for _ in range(2_100)])
    reader = store.reader()

    whole = list(exporting.hits(reader, EVERYTHING, SortOrder.NEWEST, 10_000))
    cut = list(exporting.hits(reader, EVERYTHING, SortOrder.NEWEST, 1_500))

    assert [len(page) for page in whole] == [1_000, 1_000, 100]
    assert len({hit.id for page in whole for hit in page}) == 2_100
    assert sum(map(len, cut)) == 1_500


def test_ndjson_gives_records_back_as_they_came(fill: Fill) -> None:
    document = an_event(userAgent="line\nbreak")
    fill(document)
    page = store.reader().find(EVERYTHING, 1).hits

    line = exporting.ndjson(page)

    assert line.count(b"\n") == 1
    assert json.loads(line) == document.record
