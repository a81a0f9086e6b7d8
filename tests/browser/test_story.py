"""A team opens its API to plain HTTP. It is noticed, recorded, mailed, queued,
repaired, proven and resolved, and a person only looks on.

The whitepaper "Microservices on AWS" (2017), figures 22 and 23.
"""

from __future__ import annotations

import email
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from email.message import Message
from email.policy import default
from typing import Any

import boto3
import pytest
import requests
from aiosmtpd.controller import Controller
from playwright.sync_api import Browser, Page, expect

from tests.processes import Site, eventually, free_port
from tests.sandbox.watched import Watched

pytestmark = [pytest.mark.browser, pytest.mark.one_process]
SHOP = "111122223333"
REGION = "eu-west-1"
RULE = "TRAILMAP_API_GW_INTEGRATIONS_TLS"
_API = "apigateway.amazonaws.com"
_UP_SECONDS = 120.0
_COMES_TRUE_SECONDS = 90.0


@dataclass
class Postbox:
    """Receives mail by SMTP, as a mail server does."""

    mails: list[Message] = field(default_factory=list)

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802 - aiosmtpd's name
        self.mails.append(email.message_from_bytes(envelope.content, policy=default))
        return "250 Accepted"

    def subjects(self) -> list[str]:
        return [str(mail["Subject"]) for mail in self.mails]


@pytest.fixture(scope="module")
def postbox() -> Iterator[tuple[Postbox, int]]:
    box, port = Postbox(), free_port()
    controller = Controller(box, hostname="127.0.0.1", port=port)
    controller.start()
    yield box, port
    controller.stop()


@pytest.fixture(scope="module")
def watched(
    tmp_path_factory: pytest.TempPathFactory, postbox: tuple[Postbox, int]
) -> Iterator[Watched]:
    port = free_port()
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("TRACE_FIRST_HOURS", "0")
        patched.setenv("SMTP_HOST", "127.0.0.1")
        patched.setenv("SMTP_PORT", str(postbox[1]))
        patched.setenv("SMTP_SECURITY", "none")
        home = tmp_path_factory.mktemp("story") / "home"
        site = Site(home, "--sandbox", "--sandbox-port", str(port))
        site.wait(_UP_SECONDS)
    yield Watched(site, f"http://127.0.0.1:{port}")
    site.stop()


class Cloud:
    """What the team has set up in its own account."""

    def __init__(self, watched: Watched) -> None:
        url = f"{watched.sandbox_url}/_sandbox/environment/{SHOP}"
        keys = requests.get(url, timeout=10).json()
        self._options = {
            "aws_access_key_id": keys["AWS_ACCESS_KEY_ID"],
            "aws_secret_access_key": keys["AWS_SECRET_ACCESS_KEY"],
            "endpoint_url": watched.sandbox_url,
            "region_name": REGION,
        }
        where = {"LocationConstraint": REGION}
        self.s3 = self.client("s3")
        self.s3.create_bucket(Bucket="violations", CreateBucketConfiguration=where)
        sns, sqs = self.client("sns"), self.client("sqs")
        self.topic: str = sns.create_topic(Name="violations")["TopicArn"]
        self.queue: str = sqs.create_queue(QueueName="repairs")["QueueUrl"]
        arn = f"arn:aws:sqs:{REGION}:{SHOP}:repairs"
        sns.subscribe(TopicArn=self.topic, Protocol="sqs", Endpoint=arn)
        self.client("iam").put_role_policy(
            RoleName="trailmap-reader",
            PolicyName="relay",
            PolicyDocument=json.dumps(_relay_policy(self.topic, arn)),
        )

    def client(self, service: str) -> Any:
        make: Any = boto3.client
        return make(service, **self._options)

    def records_of(self, rule: str) -> list[dict[str, Any]]:
        return [one for one in self._records() if one["rule"]["identifier"] == rule]

    def _records(self) -> list[dict[str, Any]]:
        found = self.s3.list_objects_v2(Bucket="violations").get("Contents", ())
        bodies = (
            self.s3.get_object(Bucket="violations", Key=one["Key"])["Body"].read()
            for one in found
        )
        return [json.loads(body) for body in bodies]

    def repairing_calls(self) -> list[str]:
        """Names of the calls by which somebody repaired, each as often as it came."""
        trail = self.client("cloudtrail")
        pages = trail.get_paginator("lookup_events").paginate(
            LookupAttributes=[{"AttributeKey": "EventSource", "AttributeValue": _API}]
        )
        events = (event for page in pages for event in page["Events"])
        return [
            event["EventName"]
            for event in events
            if "trailmap-run-" in event["CloudTrailEvent"]
            and event["ReadOnly"] == "false"
        ]


def _relay_policy(topic: str, queue: str) -> dict[str, Any]:
    allowed = (
        (["s3:PutObject"], "arn:aws:s3:::violations/*"),
        (["sns:Publish"], topic),
        (["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"], queue),
    )
    statements = [
        {"Effect": "Allow", "Action": actions, "Resource": resource}
        for actions, resource in allowed
    ]
    return {"Version": "2012-10-17", "Statement": statements}


@pytest.fixture(scope="module")
def cloud(watched: Watched) -> Cloud:
    return Cloud(watched)


@pytest.fixture
def admin(browser: Browser, watched: Watched) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    context.add_cookies(
        [
            {
                "name": "session",
                "value": watched.cookie.partition("=")[2],
                "url": watched.site.url,
            }
        ]
    )
    page = context.new_page()
    yield page
    context.close()


def save(page: Page) -> None:
    page.locator("main form button.primary").first.click()


def be_mailed(page: Page, url: str) -> None:
    page.goto(f"{url}/settings/channels/new/email")
    page.get_by_label("Name").fill("On call")
    page.get_by_label("To", exact=True).fill("oncall@shop.example")
    save(page)
    expect(page.get_by_text("On call").first).to_be_visible()
    page.goto(f"{url}/settings/routes/new")
    page.get_by_label("Name").fill("Everything")
    page.get_by_label("On call").check()
    save(page)
    expect(page.get_by_text("Everything").first).to_be_visible()


def hand_on(page: Page, url: str, cloud: Cloud) -> None:
    page.goto(f"{url}/compliance/relay/new/record")
    page.get_by_label("Name").fill("Records")
    page.get_by_label("Account whose role writes").select_option(SHOP)
    page.get_by_label("Region").fill(REGION)
    page.get_by_label("Bucket").fill("violations")
    page.get_by_label("Topic ARN").fill(cloud.topic)
    save(page)
    expect(
        page.get_by_role("heading", name="Records", exact=False).first
    ).to_be_visible()
    page.goto(f"{url}/compliance/relay/new/queue")
    page.get_by_label("Name").fill("Repairs")
    page.get_by_label("Account whose role reads it").select_option(SHOP)
    page.get_by_label("Region").fill(REGION)
    page.get_by_label("Queue URL").fill(cloud.queue)
    save(page)
    expect(page.get_by_text("Repairs").first).to_be_visible()


def allow_repairs(page: Page, url: str) -> None:
    page.goto(f"{url}/repairs/controls/")
    page.get_by_label("Why").fill("We trust it with our API.")
    page.get_by_role("button", name="Allow repairs").click()
    expect(page.locator("#switch")).to_contain_text("Repairs are on")
    page.get_by_text("Repair violations of a rule automatically").click()
    form = page.locator("#automatic form").last
    form.get_by_label("Rule").select_option("APIs hand requests on over TLS")
    form.get_by_label("Account").select_option(SHOP)
    form.get_by_label("Action").select_option("restore-api-stage")
    form.get_by_label("Watch callers").fill("0")
    form.get_by_role("button", name="Repair automatically").click()
    expect(page.locator("#automatic table")).to_contain_text("on")


def test_wrong_change_is_noticed_told_repaired_and_proven(
    admin: Page, watched: Watched, cloud: Cloud, postbox: tuple[Postbox, int]
) -> None:
    url, box = watched.site.url, postbox[0]
    be_mailed(admin, url)
    hand_on(admin, url, cloud)
    allow_repairs(admin, url)

    watched.sandbox("incident", "plain-http")

    admin.goto(f"{url}/repairs/")

    def is_repaired() -> bool:
        admin.reload()
        return "Repaired" in admin.get_by_role("main").inner_text()

    eventually(is_repaired, _COMES_TRUE_SECONDS)
    eventually(lambda: len(cloud.records_of(RULE)) == 2, _COMES_TRUE_SECONDS)
    opened, resolved = sorted(cloud.records_of(RULE), key=lambda one: str(one["state"]))
    assert (opened["state"], resolved["state"]) == ("opened", "resolved")
    assert opened["id"] == resolved["id"]
    eventually(lambda: bool(box.subjects()), _COMES_TRUE_SECONDS)
    calls = cloud.repairing_calls()
    assert calls
    assert len(calls) == len(set(calls)), "no call was made twice"
    checked = watched.site.run("verify-ledger")
    assert checked.returncode == 0, checked.stdout

    admin.goto(f"{url}/compliance/violations/{opened['id']}/")
    expect(
        admin.get_by_role("link", name="Repair: repaired and verified")
    ).to_be_visible()
