"""One process: it starts, says how to get in, refuses a second, ends in time."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.factories import a_log, a_record, gzipped
from tests.processes import Site, connection_to, eventually, get, sign_in

pytestmark = pytest.mark.one_process

# Streams end within what is promised. The rest is measured by script/bench on a quiet
# machine; here it only must not hang.
STOP_SECONDS = 5.0
START_SECONDS, STOP_WITH_WORK_SECONDS = 30.0, 20.0


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    made = Site(tmp_path / "home").wait()
    yield made
    made.stop()


def test_the_first_start_makes_an_admin_and_every_part_reports(site: Site) -> None:
    assert site.ready_after < START_SECONDS
    assert get(site, "/healthz") == (200, '{"web": "ok"}')
    eventually(lambda: get(site, "/readyz")[0] == 200)
    parts = json.loads(get(site, "/readyz")[1])
    assert set(parts) == {
        "web",
        "worker",
        "beat",
        "broker",
        "database",
        "engine",
        "disk",
    }

    cookie = sign_in(site)
    assert "Bring in CloudTrail events" in get(site, "/", cookie)[1]


def test_the_link_of_the_first_start_works_once(site: Site) -> None:
    assert sign_in(site)
    assert not sign_in(site)


def test_another_link_leads_to_where_the_site_is(site: Site) -> None:
    assert site.run("signin-link").stdout.startswith(f"{site.url}/sign-in/")


def test_a_second_process_is_refused_with_a_sentence(site: Site) -> None:
    refused = site.run("up", "--port", "0")

    assert refused.returncode != 0
    assert f"up, process {site.process.pid}" in refused.stdout
    assert "Traceback" not in refused.stdout


def test_an_import_is_done_by_the_running_process(site: Site, tmp_path: Path) -> None:
    (tmp_path / "log.json.gz").write_bytes(gzipped(a_log([a_record(), a_record()])))

    done = site.run("import", "cloudtrail", str(tmp_path / "log.json.gz"))

    assert "2 new, 0 already there" in done.stdout
    found = get(
        site, "/api/v1/search/trail?since=2026-07-01&until=2026-07-02", sign_in(site)
    )
    assert json.loads(found[1])["total"]["value"] == 2


def test_open_streams_do_not_hold_up_the_end_and_get_what_comes(
    site: Site, tmp_path: Path
) -> None:
    headers = {"Cookie": sign_in(site), "Accept-Encoding": "gzip"}
    (tmp_path / "log.json").write_bytes(a_log([a_record(eventName="JustNow")]))
    with connection_to(site) as connection:
        connection.request("GET", "/explore/trail/tail", headers=headers)
        with connection.getresponse() as stream:
            assert stream.getheader("Content-Encoding") is None
            assert stream.readline() == b"retry: 2000\n"
            site.run("import", "cloudtrail", str(tmp_path / "log.json"))

            assert any(b"JustNow" in line for line in iter(stream.readline, b""))
            assert site.stop() < STOP_SECONDS
    assert site.process.returncode == 0


def test_ending_during_an_import_is_prompt_and_loses_nothing(
    site: Site, tmp_path: Path
) -> None:
    folder = tmp_path / "logs"
    folder.mkdir()
    for part in range(40):
        records = [a_record() for _ in range(1_000)]
        (folder / f"{part}.json.gz").write_bytes(gzipped(a_log(records)))
    importing = site.start("import", "cloudtrail", str(folder))
    eventually(lambda: (site.home / "search").exists())

    assert site.stop() < STOP_WITH_WORK_SECONDS
    importing.communicate(timeout=120)

    again = Site(site.home).wait()
    done = again.run("import", "cloudtrail", str(folder))
    again.stop()
    assert "0 new, 40,000 already there" in done.stdout


def test_a_misspelt_setting_stops_the_start_with_a_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TRAILMAP_HOEM", "x")

    site = Site(tmp_path)
    site.process.wait(timeout=60)
    site.stop()

    assert site.process.returncode != 0
    assert "cannot start: TRAILMAP_HOEM is not a setting" in site.output
    assert "Traceback" not in site.output
