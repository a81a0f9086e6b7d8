"""Two evaluators that know nothing of each other agree on filter patterns."""

import pytest

from apps.monitoring.languages import filterpatterns
from sandbox.logs.filterpatterns import parse_pattern

_PATTERNS = (
    "ERROR", "ERROR -timeout", "?ERROR ?WARN", '"a b"', "?a b", "%4[0-9]{2}%",
    "{ $.status >= 500 }", "{ $.status = 404 || $.path = /pay* }",
    "{ $.user.id != 1 }", "{ $.tags[0] = x }", "{ $.tags[*] = y }",
    "{ $.gone NOT EXISTS }", "{ $.none IS NULL }", "{ $.ok IS TRUE }",
    "{ ($.status < 500) && ($.path != *admin*) }", "[a, b]", "[a, b, ...]",
    "[a=GET, b, c=4*]", "[..., last > 100]", "[a != GET, ...]",
    "[a=ERROR || a=WARN, ...]",
)  # fmt: skip
_MESSAGES = (
    "", "ERROR", "ERROR timeout", "WARN a b", "GET /x 404", "GET /x 500 120",
    '{"status": 503, "path": "/pay/1", "none": null, "ok": true}',
    '{"status": 404, "path": "/admin", "user": {"id": 1}, "tags": ["x", "y"]}',
    '{"status": "404", "user": {"id": "2"}, "gone": 1, "tags": []}',
    '1.2.3.4 - [10/Oct/2000:13:55:36] "GET /a" 200 512', "{broken", "[1, 2]",
)  # fmt: skip


@pytest.mark.parametrize("pattern", _PATTERNS)
def test_both_agree(pattern: str) -> None:
    ours, theirs = filterpatterns.compile(pattern), parse_pattern(pattern)
    held = [message for message in _MESSAGES if ours.matches(message)]
    assert held == [message for message in _MESSAGES if theirs.matches(message)]
