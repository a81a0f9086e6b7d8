"""What people are told to type is what AWS takes; the forwarder delivers."""

from __future__ import annotations

import base64
import json
import re
import shlex
import urllib.error
from pathlib import Path
from typing import Any

import botocore.session
import pytest
from botocore import xform_name
from botocore.model import Shape, StructureShape
from botocore.validate import ParamValidator

from apps.monitoring.kinds import LOGS
from apps.monitoring.logs import forwarder
from apps.monitoring.logs.keys import new_key
from apps.monitoring.logs.setup import FORWARDER, steps
from apps.monitoring.models import LogSource
from apps.search import store
from apps.search.engines.base import DocumentEngine, SearchRequest
from tests.factories import ACCOUNT, NOON
from tests.monitoring.logs.inventoried import REGION, a_source
from tests.monitoring.logs.test_envelopes import data, packed

KINDS = ["kinesis", "firehose", "lambda", "bucket"]
URL = "https://trailmap.example.com/ingest/firehose/1"
"""Words that stand for what people fill in, and something they could fill in."""
_FILLED = {"FROM": "1", "TO": "2", "KEY": "tml_key", "LOG_GROUP": "/shop"}


def commands(kind: str) -> list[list[str]]:
    """What is to be typed for a source, as the words a shell makes of it."""
    stream = "" if kind == "bucket" else "all-logs"
    source = LogSource(
        pk=1, kind=kind, account_id=ACCOUNT, region=REGION, stream=stream,
        bucket="logs", log_group="/shop",
    )  # fmt: skip
    shown = [step.text for step in steps(source, URL) if not step.is_code]
    lines = "\n".join(shown).replace("\\\n", " ").splitlines()
    return [shlex.split(line) for line in lines]


def parameters(words: list[str]) -> tuple[str, StructureShape, dict[str, Any]]:
    """Service, shape and parameters that AWS's client would send."""
    service, operation, *options = words
    name = "s3" if service == "s3api" else service
    model = botocore.session.get_session().get_service_model(name)
    shape = next(
        model.operation_model(one).input_shape
        for one in model.operation_names
        if xform_name(one, "-") == operation
    )
    assert isinstance(shape, StructureShape)
    named = {xform_name(one, "-"): one for one in shape.members}
    given = dict(zip(options[::2], options[1::2], strict=True))
    given.pop("--region", None)
    return (
        operation,
        shape,
        {
            (member := named[option.removeprefix("--")]): value_of(
                shape.members[member], _FILLED.get(value, value)
            )
            for option, value in given.items()
            if option != "--zip-file"
        },
    )


def value_of(shape: Shape, text: str) -> Any:
    if shape.type_name in ("structure", "map", "list"):
        return json.loads(text)
    return int(text) if shape.type_name in ("integer", "long") else text


@pytest.mark.parametrize("kind", KINDS)
def test_every_command_is_one_that_aws_takes(kind: str) -> None:
    typed = [words[1:] for words in commands(kind) if words[0] == "aws"]

    assert typed
    for words in typed:
        operation, shape, sent = parameters(words)
        if operation == "create-function":
            sent["Code"] = {"ZipFile": b""}
        problems = ParamValidator().validate(sent, shape).generate_report()
        assert not problems, (operation, problems)


@pytest.mark.parametrize("kind", ["kinesis", "firehose", "lambda"])
def test_log_groups_are_subscribed_to_what_was_made(kind: str) -> None:
    place = {"firehose": "deliverystream/", "lambda": "function:", "kinesis": "stream/"}

    last = " ".join(commands(kind)[-1])

    assert f"arn:aws:{kind}:{REGION}:{ACCOUNT}:{place[kind]}all-logs" in last


def test_firehose_is_given_the_address_and_a_place_for_the_key() -> None:
    made = next(one for one in commands("firehose") if "create-delivery-stream" in one)

    said = json.loads(made[-1])
    assert said["EndpointConfiguration"] == {
        "Url": URL, "Name": "Trailmap", "AccessKey": "KEY",
    }  # fmt: skip


@pytest.mark.django_db(transaction=True)
def test_the_forwarder_delivers_what_lambda_is_given(
    live_server: Any, engine: DocumentEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = a_source("lambda")
    key = new_key(source, NOON)
    address = f"{live_server.url}/ingest/lambda/{source.pk}"
    monkeypatch.setenv("TRAILMAP_ENDPOINT", address)
    monkeypatch.setenv("TRAILMAP_KEY", key)

    forwarder.handler(an_event(), None)

    assert store.reader().count(SearchRequest(LOGS, NOON)).value == 1
    source.refresh_from_db()
    assert source.lines == 1


@pytest.mark.django_db(transaction=True)
def test_the_forwarder_raises_where_trailmap_says_no(
    live_server: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = a_source("lambda")
    address = f"{live_server.url}/ingest/lambda/{source.pk}"
    monkeypatch.setenv("TRAILMAP_ENDPOINT", address)
    monkeypatch.setenv("TRAILMAP_KEY", "wrong")

    with pytest.raises(urllib.error.HTTPError, match="401"):
        forwarder.handler(an_event(), None)


def an_event() -> dict[str, Any]:
    """What CloudWatch Logs invokes a function with."""
    return {"awslogs": {"data": base64.b64encode(packed(data())).decode()}}


def test_the_forwarder_in_the_docs_is_the_one_that_runs() -> None:
    text = Path("docs/logs.md").read_text()

    blocks = re.findall(r"```python\n(.*?)```", text, re.DOTALL)

    assert blocks == [FORWARDER.read_text()]
