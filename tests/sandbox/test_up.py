"""`up --sandbox`: a site that watches a living estate, without an account of AWS."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.processes import Site, eventually, free_port, get
from tests.sandbox.watched import Watched

pytestmark = pytest.mark.one_process

UP_SECONDS = 120.0
# Within 15 seconds on a quiet machine, which script/bench measures; here a call only
# must not get lost.
ARRIVES_SECONDS = 60.0


@pytest.fixture(scope="module")
def watched(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Watched]:
    port = free_port()
    # A day of traces would be read while the tests wait for other things.
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("TRACE_FIRST_HOURS", "1")
        yield from watch(tmp_path_factory, port)


def watch(tmp_path_factory: pytest.TempPathFactory, port: int) -> Iterator[Watched]:
    home = tmp_path_factory.mktemp("sandbox") / "home"
    site = Site(home, "--sandbox", "--sandbox-port", str(port))
    site.wait(UP_SECONDS)
    yield Watched(site, f"http://127.0.0.1:{port}")
    site.stop()


def test_two_accounts_are_connected_and_collected_from(watched: Watched) -> None:
    def both_work() -> bool:
        page = get(watched.site, "/sources/", watched.cookie)[1]
        return page.count(">works<") == 2

    eventually(both_work, 60)
    for account in ("111122223333", "444455556666"):
        assert watched.found(f"recipientAccountId:{account}")


def test_every_page_says_that_its_data_is_invented(watched: Watched) -> None:
    assert "sandbox-note" in get(watched.site, "/", watched.cookie)[1]


@pytest.mark.parametrize("account", ["111122223333", "444455556666"])
def test_a_call_is_found_soon(watched: Watched, account: str) -> None:
    cloudtrail, mark = watched.client("cloudtrail", account), f"mark-{account}"

    cloudtrail.lookup_events(
        LookupAttributes=[{"AttributeKey": "EventName", "AttributeValue": mark}]
    )

    query = f"eventName:LookupEvents AND recipientAccountId:{account} AND {mark}"
    eventually(lambda: bool(watched.found(query)), ARRIVES_SECONDS)


def test_an_incident_leaves_its_traces(watched: Watched) -> None:
    said = watched.sandbox("incident", "open-security-group")
    assert "ON open-security-group" in said

    query = "eventName:AuthorizeSecurityGroupIngress AND userIdentity.userName:anna"
    eventually(lambda: bool(watched.found(query)), ARRIVES_SECONDS)

    watched.sandbox("incident", "open-security-group", "--end")
    query = "eventName:RevokeSecurityGroupIngress AND userIdentity.userName:anna"
    eventually(lambda: bool(watched.found(query)), ARRIVES_SECONDS)


def test_an_unknown_incident_is_refused_with_those_there_are(watched: Watched) -> None:
    said = watched.sandbox("incident", "earthquake")

    assert "There is no incident 'earthquake'" in said
    assert "payment-latency" in said


def test_traffic_is_turned_up_and_down(watched: Watched) -> None:
    assert '"per_second": 2.0' in watched.sandbox("rate", "2")
    assert "0 to 200" in watched.sandbox("rate", "1000")
    assert '"per_second": 0.6' in watched.sandbox("rate", "0.6")


def test_a_fault_is_made_and_ended_by_command(watched: Watched) -> None:
    made = watched.sandbox("fault", "throttle", "--where", "xray.*", "--count", "1")
    assert '"kind": "throttle"' in made
    assert "xray.*" in watched.sandbox("fault")

    assert watched.sandbox("fault", "clear").strip() == "None."
