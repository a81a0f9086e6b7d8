"""A site that watches a sandbox, as tests and measurements use it."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from typing import Any
from urllib.parse import quote

import boto3
import requests

from tests.processes import ROOT, Site, get, sign_in

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
