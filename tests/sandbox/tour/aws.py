"""The AWS CLI, run in this process and pointed at a sandbox."""

from __future__ import annotations

import io
import json
import shlex
from collections.abc import Mapping
from contextlib import redirect_stderr, redirect_stdout
from typing import Any

import pytest
from awscli.clidriver import create_clidriver

_SETTINGS = {
    "AWS_CONFIG_FILE": "/dev/null",
    "AWS_SHARED_CREDENTIALS_FILE": "/dev/null",
    "AWS_PAGER": "",
    "AWS_DEFAULT_OUTPUT": "json",
    "AWS_DISABLE_HOST_PREFIX_INJECTION": "true",
    "AWS_MAX_ATTEMPTS": "1",
}


class Aws:
    """`aws("logs describe-log-groups --limit 5")` gives the answer as parsed JSON.

    A part that holds spaces or quotes may be given as a further argument:
    `aws("logs filter-log-events --log-group-name /shop --filter-pattern", "?A ?B")`.
    """

    def __init__(self, patch: pytest.MonkeyPatch, url: str, region: str) -> None:
        for name, value in _SETTINGS.items():
            patch.setenv(name, value)
        patch.setenv("AWS_ENDPOINT_URL", url)
        patch.setenv("AWS_DEFAULT_REGION", region)
        self._patch = patch

    def use(self, keys: Mapping[str, str]) -> None:
        """Call with these credentials, as STS or IAM answered them."""
        self._patch.setenv("AWS_ACCESS_KEY_ID", keys["AccessKeyId"])
        self._patch.setenv("AWS_SECRET_ACCESS_KEY", keys["SecretAccessKey"])
        self._patch.setenv("AWS_SESSION_TOKEN", keys.get("SessionToken", ""))

    def __call__(self, command: str, *parts: str) -> Any:
        code, output, said = self.run(command, *parts)
        assert code == 0, f"aws {command} {parts}: {said or output}"
        return json.loads(output) if output.strip() else {}

    def run(self, command: str, *parts: str) -> tuple[int, str, str]:
        """Exit code, standard output and standard error."""
        output, errors = io.TextIOWrapper(io.BytesIO()), io.StringIO()
        arguments = [*shlex.split(command), *parts]
        with redirect_stdout(output), redirect_stderr(errors):
            code = create_clidriver().main(arguments)
        output.seek(0)
        return int(code), output.read(), errors.getvalue()
