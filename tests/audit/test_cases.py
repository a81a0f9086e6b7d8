"""Real CloudTrail logs: counts, every leaf, and processes killed on the way."""

import gzip
import json
import os
import random
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from apps.audit.kinds import TRAIL
from apps.audit.logfile import read_log
from apps.audit.logrecords import Record
from apps.search import imports, store
from apps.search.engines.base import DocumentEngine, SearchRequest
from apps.search.engines.embedded.engine import EmbeddedEngine
from apps.search.models import ImportRun
from tests.conftest import cases_folder
from tests.factories import NOON

pytestmark = pytest.mark.cases
ROOT = Path(__file__).parents[2]


def expected(cases: Path) -> dict[str, Any]:
    counts: dict[str, Any] = json.loads(
        (cases / "trail" / "expected_counts.json").read_text()
    )
    return counts


def records_of(cases: Path) -> Iterator[dict[str, Any]]:
    for file in sorted((cases / "trail").rglob("*.json*")):
        opened = gzip.open if file.suffix == ".gz" else open
        with opened(file) as stream:
            content = json.load(stream)
        yield from content if isinstance(content, list) else content.get("Records", ())


def import_all(cases: Path) -> ImportRun:
    run = imports.request(imports.Wanted([str(cases / "trail")]))
    imports.claim(run.pk, NOON)
    return imports.execute(run.pk, store.engine())


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """One test of each file that the cases name, whichever they are."""
    if "case_file" in metafunc.fixturenames:
        file = cases_folder() / "trail" / "expected_counts.json"
        names = list(json.loads(file.read_text())["files"]) if file.exists() else []
        metafunc.parametrize("case_file", names)


def test_every_record_of_a_file_is_read(cases: Path, case_file: str) -> None:
    (path,) = (cases / "trail").rglob(case_file)

    with path.open("rb") as stream:
        found = [one for some in read_log(iter([stream.read()])) for one in some]

    assert len(found) == expected(cases)["files"][case_file]
    assert all(isinstance(one, Record) for one in found)


@pytest.mark.django_db
def test_counts_are_those_expected_and_a_second_import_adds_none(
    cases: Path, engine: DocumentEngine
) -> None:
    first, second = import_all(cases), import_all(cases)

    counts = expected(cases)
    assert first.new == counts["distinct_event_ids"]
    assert first.new + first.already_there == counts["records"]
    assert first.files_done - first.files_skipped == len(counts["files"])
    assert first.quarantined == 0
    assert (second.new, second.already_there) == (0, counts["records"])


def test_every_record_comes_back_through_the_api_equal_to_its_file(
    cases: Path, engine: DocumentEngine, admin_client: Client
) -> None:
    import_all(cases)
    checked = 0
    for record in records_of(cases):
        answer = admin_client.get(f"/api/v1/search/trail/{record['eventID']}")

        assert answer.status_code == 200, record["eventID"]
        assert json.loads(answer.content)["record"] == record
        checked += 1
    assert checked == expected(cases)["records"]


def command(home: Path, *arguments: str) -> "subprocess.Popen[str]":
    environment = {**os.environ, "TRAILMAP_HOME": str(home)}
    environment["DJANGO_SETTINGS_MODULE"] = "dashboard.settings"
    return subprocess.Popen(
        [sys.executable, str(ROOT / "manage.py"), *arguments],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def stored_below(home: Path) -> int:
    engine = EmbeddedEngine(home / "search", [TRAIL])
    return engine.reader.count(SearchRequest(TRAIL, NOON)).value


@pytest.mark.one_process
def test_an_import_that_is_killed_anywhere_ends_the_same_when_done_again(
    cases: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "logs"
    copies = _many_copies(cases, folder)
    home = tmp_path / "home"
    chance = random.Random(7)  # noqa: S311 - moments, not secrets
    for _ in range(4):
        killed = command(home, "import", "cloudtrail", str(folder))
        try:
            killed.wait(timeout=chance.uniform(1.0, 4.0))
        except subprocess.TimeoutExpired:
            killed.send_signal(signal.SIGKILL)
        killed.communicate()

    done = command(home, "import", "cloudtrail", str(folder))
    output, _ = done.communicate(timeout=120)

    assert done.returncode == 0, output
    assert "0 quarantined" in output
    assert stored_below(home) == copies
    again, _ = command(home, "import", "cloudtrail", str(folder)).communicate()
    assert "0 new" in again


def _many_copies(cases: Path, folder: Path, times: int = 20) -> int:
    """The real records many times over under new ids; how many there are."""
    folder.mkdir()
    records = list(records_of(cases))
    for copy in range(times):
        renamed = [
            {**record, "eventID": f"{record['eventID']}-{copy}"} for record in records
        ]
        content = json.dumps({"Records": renamed}).encode()
        (folder / f"{copy}.json.gz").write_bytes(gzip.compress(content, 1))
    return len(records) * times
