"""The language of filter patterns."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest

from sandbox.logs.filterpatterns import InvalidPattern, TooExpensive, parse_pattern
from tests.conftest import cases_folder

LINE = '127.0.0.1 - frank [10/Oct/2000:13:25:15 -0700] "GET /a.gif HTTP/1.0" 200 1534'
TRAIL = json.dumps(
    {
        "type": "Update",
        "n": 5,
        "text": "5",
        "ok": True,
        "off": False,
        "none": None,
        "list": ["a", "b"],
        "grid": [[0, 1], [2, 3]],
        "users": [{"id": 1}, {"id": 2}],
        "a.b": {"c-d": "x"},
        "ip": "10.0.1.7",
        "tiny": 0.001,
        "error": "Client.UnauthorizedOperation",
    }
)


def matches(pattern: str, message: str) -> bool:
    return parse_pattern(pattern).matches(message)


@pytest.mark.parametrize(
    ("pattern", "message", "expected"),
    [
        ("", "anything", True),
        ('" "', "anything", True),
        ("ERROR", "error", False),
        ("ERROR", "Exiting with ERRORCODE: -1", True),
        ("ERROR ARGUMENTS", "[ERROR 419] MISSING ARGUMENTS", True),
        ("ERROR ARGUMENTS", "[ERROR 400] BAD REQUEST", False),
        ('"two words"', "these are two words", True),
        ('"two words"', "two other words", False),
        ('"say \\"hi\\""', 'they say "hi"', True),
        ("?A ?B", "only B", True),
        ("?A ?B", "neither", False),
        ("?A C", "C alone", True),
        ("ERROR -ARGUMENTS", "ERROR", True),
        ('ERROR -"bad luck"', "ERROR by bad luck", False),
        ("%AUTHORIZED%", "UNAUTHORIZED", True),
        (r"%\d{3}-[a-f]+$%", "id 123-abc", True),
        (r"%\d{3}-[a-f]+$%", "id 123-abc!", False),
        ("%gr(a|e)y%", None, None),
    ],
)
def test_terms(pattern: str, message: str | None, expected: bool | None) -> None:
    if message is None:
        with pytest.raises(InvalidPattern):
            parse_pattern(pattern)
    else:
        assert matches(pattern, message) is expected


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ('$.type = "Update"', True),
        ("$.type = Update", True),
        ("$.type = Up*", True),
        ('$.type = "*dat*"', True),
        ("$.type != Update", False),
        ("$.type != Delete", True),
        ("$.missing != Delete", False),
        ("$.n = 5", True),
        ("$.n = 5.0", True),
        ("$.n = 5e0", True),
        ("$.n >= 5 && $.n <= 5", True),
        ("$.n > 5 || $.n < 5", False),
        ("$.n = *", True),
        ("$.none = *", False),
        ("$.text > 4", False),
        ("$.tiny = 1e-3", True),
        ("$.tiny != 1e+3", True),
        ("$.ok IS TRUE", True),
        ("$.ok IS FALSE", False),
        ("$.off IS FALSE", True),
        ("$.none IS NULL", True),
        ("$.missing IS NULL", False),
        ("$.missing NOT EXISTS", True),
        ("$.none NOT EXISTS", False),
        ("$.list[1] = b", True),
        ("$.list[7] = b", False),
        ("$.list[*] = b", True),
        ("$.list = b", False),
        ("$.grid[1][0] = 2", True),
        ("$.users[*].id = 2", True),
        ('$["a.b"].c-d = x', True),
        ("$.['a.b'].['c-d'] = x", True),
        ("$.ip = 10.0.*", True),
        ("$.ip != 10.0.*", False),
        (r"$.ip = %^10\.\d+%", True),
        ('$.error = "*UnauthorizedOperation"', True),
        ("($.n = 1 || $.n = 5) && $.type = Update", True),
        ("$.n = 5 || $.n = 1 && $.n = 2", True),
        ("($.n = 5 || $.n = 1) && $.n = 2", False),
    ],
)
def test_conditions_on_json(condition: str, expected: bool) -> None:
    assert matches(f"{{ {condition} }}", TRAIL) is expected


@pytest.mark.parametrize("message", ["", "no json", "[1]", '"{}"', '{"n": '])
def test_what_is_no_object_fits_no_condition(message: str) -> None:
    assert not matches("{ $.n NOT EXISTS }", message)


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("[ip, id, user, time, request, status, size]", True),
        ("[ip, id, user]", True),
        ("[ip, id, user = frank]", False),
        ("[..., size]", True),
        ("[..., status = 2*, size]", True),
        ("[..., status = 4*, size]", False),
        ("[ip = 127.*, ..., size > 1000 && size < 2000]", True),
        ("[ip, ..., status = 404 || status = 200, size]", True),
        ('[ip, id, user, time, request = "GET *", ...]', True),
        ("[ip, id, user, time = 10/Oct/*, ...]", True),
        ("[ip, id, user != frank, ...]", False),
        ("[ip, id, user = %^fr%, ...]", True),
        ("[a, b, c, d, e, f, g, h]", False),
        ("[w1 = 127.0.0.1 || W1 = ::1, w2]", True),
        ("[]", True),
    ],
)
def test_columns(pattern: str, expected: bool) -> None:
    assert matches(pattern, LINE) is expected


def test_columns_are_extracted_by_name_and_the_others_by_number() -> None:
    found = parse_pattern("[ip, ..., request, status, size]").extracted(LINE)

    assert found["$ip"] == "127.0.0.1"
    assert found["$3"] == "frank"
    assert found["$4"] == "10/Oct/2000:13:25:15 -0700"
    assert found["$request"] == "GET /a.gif HTTP/1.0"
    assert (found["$status"], found["$size"]) == ("200", "1534")


def test_json_is_extracted_by_what_the_pattern_names() -> None:
    pattern = parse_pattern("{ $.n = * && $.users[1].id = 2 && $.missing NOT EXISTS }")

    assert pattern.extracted(TRAIL) == {"$.n": "5", "$.users[1].id": "2"}
    assert pattern.extract(TRAIL, "$.type") == "Update"


@pytest.mark.parametrize(
    "pattern",
    [
        "{ $.a }", "{ $.a = }", "{ a = 1 }", "{ $.a = 1 && }", "{ ($.a = 1 }",
        "{ $.a IS NOT NULL }", "{ $.a EXISTS }", "{ $.a > x }", "{ $.a = 1 $.b = 2 }",
        "{ $.a = %(b)% }", "{ $.a = %x% || $.b = %y% || $.c = %z% }",
        "{" + "(" * 200 + "$.a = 1" + ")" * 200 + "}",
        "[a, ..., b, ...]", "[a = ]", "[a b]", "[a = 1 || b = 2]", "[a > x]",
        '"open', "%open", "a&&b", "%some!thing%", "%ä%", "%a{2,1}%", "%[z-a]%",
    ],
)  # fmt: skip
def test_what_aws_refuses_is_refused(pattern: str) -> None:
    with pytest.raises(InvalidPattern):
        parse_pattern(pattern)


def test_an_expression_that_would_never_end_is_given_up() -> None:
    pattern = parse_pattern("%" + "a*" * 20 + "[bc]%")
    began = time.monotonic()

    with pytest.raises(TooExpensive):
        pattern.matches("a" * 50_000)

    assert time.monotonic() - began < 5


def case_list() -> list[Any]:
    file = cases_folder() / "patterns" / "log_filter.json"
    return json.loads(file.read_text()) if file.exists() else []


@pytest.mark.cases
@pytest.mark.parametrize("case", case_list(), ids=lambda case: case["pattern"])
def test_patterns_of_the_documentation(case: dict[str, Any]) -> None:
    pattern = parse_pattern(case["pattern"])

    assert pattern.matches(case["message"]) is case["expected"]
    if "extracted" in case:
        assert pattern.extracted(case["message"]) == case["extracted"]
