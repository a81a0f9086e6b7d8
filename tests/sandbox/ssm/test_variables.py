"""Variables in a document."""

from __future__ import annotations

from typing import Any

import pytest

from sandbox.ssm.variables import UnknownVariable, as_texts, filled

KNOWN = {"Name": "cart", "Ids": ["a", "b"], "make.Count": 7, "global:REGION": "eu"}


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("{{ Name }}", "cart"),
        ("{{Name}}", "cart"),
        ("{{ Ids }}", ["a", "b"]),
        ("{{ make.Count }}", 7),
        ("{{ Name }} x {{ make.Count }}", "cart x 7"),
        ("ids: {{ Ids }}", 'ids: ["a", "b"]'),
        ({"in": ["{{ global:REGION }}", {"deep": "{{ Name }}"}]},
         {"in": ["eu", {"deep": "cart"}]}),
        (7, 7),
        ("{ Name }", "{ Name }"),
    ],
)  # fmt: skip
def test_a_variable_keeps_its_type_when_it_stands_alone(
    written: Any, value: Any
) -> None:
    assert filled(written, KNOWN) == value


def test_a_variable_without_a_value_is_an_error() -> None:
    with pytest.raises(UnknownVariable, match=r"Gone"):
        filled("x {{ Gone }}", KNOWN)


@pytest.mark.parametrize(
    ("value", "texts"),
    [("a", ["a"]), (["a", 1], ["a", "1"]), (True, ["true"]), ({"k": 1}, ['{"k": 1}'])],
)
def test_outputs_are_shown_as_lists_of_texts(value: Any, texts: list[str]) -> None:
    assert as_texts(value) == texts
