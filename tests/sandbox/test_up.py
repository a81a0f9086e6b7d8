"""`up --sandbox`: a site that watches a living estate, without an account of AWS."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import boto3
import pytest
import requests

from tests.dashboard.test_up import eventually, get, sign_in
from tests.processes import ROOT, Site, free_port

pytestmark = pytest.mark.one_process

UP_SECONDS = 120.0
ARRIVES_SECONDS = 15.0
_EXTERNAL_ID = re.compile(r"trailmap-[0-9a-f]{32}")


class Watched:
    """A site beside its sandbox, and somebody signed in."""

    def __init__(self, site: Site, sandbox_url: str) -> None:
        self.site = site
        self.sandbox_url = sandbox_url
        self.cookie = sign_in(site)
        answer = requests.get(
            f"{sandbox_url}/_sandbox/environment/123456789012", timeout=10
        )
        self.environment: dict[str, str] = answer.json()

    def found(self, query: str) -> list[dict[str, Any]]:
        """Events the site finds."""
        path = f"/api/v1/search/trail?q={quote(query)}"
        status, body = get(self.site, path, self.cookie)
        assert status == 200, body
        items: list[dict[str, Any]] = json.loads(body)["items"]
        return items

    def sandbox(self, *arguments: str) -> str:
        """What `python -m sandbox` says."""
        done = subprocess.run(
            [sys.executable, "-m", "sandbox", *arguments, "--url", self.sandbox_url],
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        return done.stdout + done.stderr

    def client(self, service: str, account: str) -> Any:
        """A client of Trailmap's own role in an account, as Trailmap gets it."""
        keys = {
            "aws_access_key_id": self.environment["AWS_ACCESS_KEY_ID"],
            "aws_secret_access_key": self.environment["AWS_SECRET_ACCESS_KEY"],
        }
        where = {"endpoint_url": self.sandbox_url, "region_name": "eu-west-1"}
        sts: Any = boto3.client("sts", **keys, **where)  # type: ignore[call-overload]
        granted = sts.assume_role(
            RoleArn=f"arn:aws:iam::{account}:role/trailmap-reader",
            RoleSessionName="trailmap",
            ExternalId=self._external_id(account),
        )["Credentials"]
        make: Any = boto3.client
        return make(
            service,
            aws_access_key_id=granted["AccessKeyId"],
            aws_secret_access_key=granted["SecretAccessKey"],
            aws_session_token=granted["SessionToken"],
            **where,
        )

    def _external_id(self, account: str) -> str:
        page = get(self.site, f"/accounts/{account}/", self.cookie)[1]
        found = _EXTERNAL_ID.search(page)
        assert found
        return found.group()


@pytest.fixture(scope="module")
def watched(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Watched]:
    port = free_port()
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
def test_a_call_is_found_within_15_seconds(watched: Watched, account: str) -> None:
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
