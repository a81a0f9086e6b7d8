"""Filter patterns: AWS's worked examples, the edges, and errors with places."""

import json
from pathlib import Path
from typing import Any

import pytest

from apps.monitoring.languages import filterpatterns
from apps.monitoring.languages.filterpatterns import PatternError
from tests.conftest import cases_folder

_FILE = cases_folder() / "patterns" / "log_filter.json"


def _cases(path: Path) -> list[dict[str, Any]]:
    return json.loads(path.read_text()) if path.exists() else []


@pytest.mark.cases
@pytest.mark.parametrize("case", _cases(_FILE), ids=lambda case: case["pattern"])
def test_worked_example(cases: Path, case: dict[str, Any]) -> None:
    matcher = filterpatterns.compile(case["pattern"])
    assert matcher.matches(case["message"]) is case["expected"]
    if "extracted" in case:
        assert matcher.extract(case["message"]) == case["extracted"]


@pytest.mark.parametrize(
    ("pattern", "message", "expected"),
    [
        ("", "anything", True),
        ('" "', "anything", True),
        ("error", "ERROR", False),
        ('-"a b"', "x a b y", False),
        ("?x ?y z", "only z", True),
        ("%4[0-9]{2}%", "status 404", True),
        ("%^GET%", "a GET", False),
        ('{ $.a = "x*z" }', '{"a": "xyz"}', True),
        ("{ $.a IS TRUE && $.b IS FALSE }", '{"a": true, "b": false}', True),
        ("{ $.a IS NULL }", '{"a": null}', True),
        ("{ $.a IS NULL }", '{"b": null}', False),
        ("{ $.a[*] = 3 }", '{"a": [1, 3]}', True),
        ("{ $.a != 3 }", '{"b": 1}', False),
        ("{ $.a = %^x[0-9]% }", '{"a": "x5"}', True),
        ("{ $.['odd name'] = 1 }", '{"odd name": 1}', True),
        ("{ $.a = 1 }", "no JSON", False),
        ("{ $.a = 1 || $.b = 1 && $.c = 1 }", '{"a": 1}', True),
        ("[a, b]", "one", False),
        ("[a, b=2]", "1 2 3", False),
        ("[a=ERROR || a=WARN, ...]", "WARN and more", True),
        ("[a>=5 && a<7, b]", "6 x", True),
        ("[..., last=%^5..$%]", "GET / 503", True),
        ("[a, b]", '"two words" [a bracket]', True),
    ],
)
def test_pattern_holds(pattern: str, message: str, expected: bool) -> None:
    assert filterpatterns.compile(pattern).matches(message) is expected


@pytest.mark.parametrize(
    ("pattern", "position", "says"),
    [
        ('"open', 0, "not closed"),
        ("a b(c", 2, "double quotation marks"),
        ("%a(b)%", 2, "without parentheses"),
        ("%a% %b% %c%", 11, "two at most"),
        ("{ $.a EXISTS }", 6, "EXISTS"),
        ("{ $.a IS NOT NULL }", 6, "IS NOT"),
        ("{ $.a > x }", 8, "number"),
        ("{ $.a = 1 && }", 13, "a property"),
        ("{ $.a = 1", 9, "}"),
        ("[a, ..., b, ...]", 12, "once"),
        ("[a b]", 1, "condition"),
        ("[a", 2, "]"),
        ("x" * 1025, 1024, "shorten"),
    ],
)
def test_error_names_place_and_cure(pattern: str, position: int, says: str) -> None:
    with pytest.raises(PatternError) as caught:
        filterpatterns.compile(pattern)
    assert caught.value.position == position
    assert says in str(caught.value)


def test_texts_that_lines_must_contain_are_told() -> None:
    matcher = filterpatterns.compile('a "b c" -d ?e %f%')
    assert matcher.necessary() == ("a", "b c")


def test_values_of_properties_are_extracted() -> None:
    matcher = filterpatterns.compile("{ $.a.b > 1 && $.c[1] = x }")
    found = matcher.extract('{"a": {"b": 2.5}, "c": ["w", "x"]}')
    assert found == {"$.a.b": "2.5", "$.c[1]": "x"}


def test_hostile_expression_takes_linear_time() -> None:
    matcher = filterpatterns.compile("%a*a*a*a*a*b%")
    assert not matcher.matches("a" * 100_000)
