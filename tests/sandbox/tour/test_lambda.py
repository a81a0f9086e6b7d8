"""Lambda, walked with the AWS CLI."""

from __future__ import annotations

import json
from pathlib import Path

from sandbox.assembly import Sandbox
from tests.sandbox.functions.functions import TRUST, zipped
from tests.sandbox.tour.aws import Aws
from tests.sandbox.tour.conftest import all_of

CODE = "def handle(event, context): return {'twice': event['n'] * 2}"


def test_a_function_is_made_and_run(
    aws: Aws, sandbox: Sandbox, walked: set[str], tmp_path: Path
) -> None:
    made = aws(
        "iam create-role --role-name runs --assume-role-policy-document",
        json.dumps(TRUST),
    )
    packed, out = tmp_path / "code.zip", tmp_path / "out.json"
    packed.write_bytes(zipped(CODE))
    aws(
        "lambda create-function --function-name cart --runtime python3.12 "
        f"--handler shop.handle --role {made['Role']['Arn']} "
        f"--zip-file fileb://{packed}"
    )
    event = tmp_path / "event.json"
    event.write_text('{"n": 21}')

    answer = aws(f"lambda invoke --function-name cart --payload fileb://{event} {out}")

    assert answer["StatusCode"] == 200
    assert json.loads(out.read_text()) == {"twice": 42}
    assert walked >= all_of(sandbox, "lambda")
