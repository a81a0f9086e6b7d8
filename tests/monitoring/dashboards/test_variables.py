"""What was chosen stands in titles and lines; many values make many lines."""

from collections.abc import Callable, Sequence
from typing import Any

import pytest

from apps.discovery.roles import Role
from apps.monitoring.dashboards import found
from apps.monitoring.dashboards.layouts import Variable
from apps.monitoring.dashboards.spreading import MOST_LINES, Pattern, spread
from apps.monitoring.dashboards.variables import Choices, choose
from apps.monitoring.metrics.keys import MetricKey
from tests.factories import ACCOUNT, OTHER_ACCOUNT, a_user
from tests.monitoring.dashboards.things import REGION, a_key, a_line, store_series

FUNCTION = Variable("function", "dimension", "", "AWS/Lambda", "FunctionName")
STAGE = Variable("stage", "list", values=("prod", "test"), default="prod")


def there_are(*keys: MetricKey) -> Callable[[Pattern], Sequence[MetricKey]]:
    """A store that has these series, and no others."""
    return lambda pattern: [key for key in keys if key.name == pattern.name]


def chart(*lines: dict[str, Any], title: str = "") -> dict[str, Any]:
    return {"title": title, "kind": "line", "lines": list(lines)}


def chosen(*functions: str) -> Choices:
    return Choices({"function": functions})


def test_the_address_chooses_and_the_default_fills_in() -> None:
    choices = choose([FUNCTION, STAGE], {"var-function": ["checkout"]})

    assert choices.by_name == {"function": ("checkout",), "stage": ("prod",)}
    assert choices.parameters() == [("var-function", "checkout"), ("var-stage", "prod")]


def test_all_of_a_list_are_its_values() -> None:
    assert choose([STAGE], {"var-stage": ["*"]}).by_name["stage"] == ("prod", "test")


def test_one_value_stands_in_the_place_of_the_variable() -> None:
    line = a_line(label="${function} fails", dimensions={"F": "x-${function}-y"})

    made = spread(chart(line, title="Of ${function}"), chosen("pay"), there_are())

    assert made.chart["title"] == "Of pay"
    assert made.chart["lines"][0]["dimensions"] == {"F": "x-pay-y"}


def test_text_that_names_no_variable_stays() -> None:
    assert chosen("pay").said_in("${other} costs $5 of ${function}") == (
        "${other} costs $5 of pay"
    )


def test_all_values_are_a_line_for_each_series_there_is() -> None:
    stored = there_are(a_key("pay"), a_key("checkout"))

    made = spread(chart(a_line(), title="${function}"), chosen("*"), stored)

    lines = made.chart["lines"]
    assert [line["id"] for line in lines] == ["a__1", "a__2"]
    assert [line["label"] for line in lines] == ["checkout", "pay"]
    assert [line["dimensions"]["FunctionName"] for line in lines] == ["checkout", "pay"]
    assert made.chart["title"] == "all"


def test_a_label_says_what_it_is_before_where_it_is() -> None:
    stored = there_are(a_key("pay"), a_key("mail", account=OTHER_ACCOUNT))
    choices = Choices({"account": ("*",), "function": ("*",)})

    made = spread(chart(a_line(account="${account}")), choices, stored)

    assert {line["label"] for line in made.chart["lines"]} == {
        f"pay · {ACCOUNT}",
        f"mail · {OTHER_ACCOUNT}",
    }


def test_several_values_leave_out_the_others() -> None:
    stored = there_are(a_key("pay"), a_key("checkout"), a_key("mail"))

    made = spread(chart(a_line()), chosen("pay", "mail"), stored)

    assert [line["label"] for line in made.chart["lines"]] == ["mail", "pay"]


def test_a_value_within_a_longer_one_is_found() -> None:
    line = a_line(dimensions={"FunctionName": "shop-${function}-v2"})
    stored = there_are(a_key("shop-pay-v2"), a_key("shop-pay-v3"), a_key("pay"))

    made = spread(chart(line), chosen("*"), stored)

    assert [line["label"] for line in made.chart["lines"]] == ["pay"]


def test_an_expression_is_repeated_for_each_value_its_lines_share() -> None:
    lines = [
        a_line(is_hidden=True),
        a_line(id="b", name="Invocations", is_hidden=True),
        {"id": "e", "expression": "100*a/b", "label": "Failing"},
    ]
    stored = there_are(
        a_key("pay"), a_key("mail"), a_key("old"),
        a_key("pay", "Invocations"), a_key("mail", "Invocations"),
    )  # fmt: skip

    made = spread(chart(*lines), chosen("*"), stored)

    told = [line for line in made.chart["lines"] if "expression" in line]
    assert [line["expression"] for line in told] == ["100*a__1/b__1", "100*a__3/b__2"]
    assert [line["label"] for line in told] == ["Failing · mail", "Failing · pay"]


def test_an_expression_may_name_another_and_a_line_of_its_own() -> None:
    lines = [
        {"id": "f", "expression": "e*2"},
        {"id": "e", "expression": "a/total"},
        a_line(),
        a_line(id="total", dimensions={}),
    ]

    made = spread(chart(*lines), chosen("*"), there_are(a_key("pay")))

    assert [line.get("expression") for line in made.chart["lines"]] == [
        "e__1*2", "a__1/total", None, None,
    ]  # fmt: skip


def test_a_star_stands_for_every_value_without_a_variable() -> None:
    line = a_line(account="*", dimensions={"FunctionName": "*"})

    made = spread(chart(line), Choices({}), there_are(a_key("pay")))

    assert made.chart["lines"][0]["account"] == ACCOUNT
    assert made.chart["lines"][0]["label"] == "pay"


def test_a_label_says_what_tells_a_line_from_the_others() -> None:
    line = a_line(account="*", region="*", label="Failing")
    stored = there_are(a_key("pay"), a_key("pay", account=OTHER_ACCOUNT))

    made = spread(chart(line), chosen("*"), stored)

    assert [line["label"] for line in made.chart["lines"]] == [
        f"Failing · {ACCOUNT}", f"Failing · {OTHER_ACCOUNT}",
    ]  # fmt: skip


def test_what_is_not_there_is_said() -> None:
    made = spread(chart(a_line()), chosen("*"), there_are())

    assert made.chart["lines"] == []
    assert made.unfound == ("AWS/Lambda Errors {FunctionName=all}",)


def test_too_many_lines_are_counted() -> None:
    stored = there_are(*(a_key(f"f{at:03}") for at in range(MOST_LINES + 7)))

    made = spread(chart(a_line()), chosen("*"), stored)

    assert len(made.chart["lines"]) == MOST_LINES
    assert made.left_out == 7


@pytest.mark.django_db
def test_values_are_those_of_accounts_one_may_see() -> None:
    store_series(
        a_key("pay"), a_key("mail", "Duration"), a_key("secret", account=OTHER_ACCOUNT)
    )
    viewer = a_user("vera", Role.VIEWER, ACCOUNT)

    assert found.values_of(FUNCTION, viewer).some == ["mail", "pay"]
    assert found.values_of(Variable("account", "account"), viewer).some == [ACCOUNT]
    assert found.values_of(Variable("region", "region"), viewer).some == [REGION]


@pytest.mark.django_db
def test_series_have_exactly_the_dimensions_of_the_line() -> None:
    other = {"FunctionName": "pay", "Resource": "pay:live"}
    place = (ACCOUNT, REGION)
    store_series(a_key("pay"), MetricKey.of(place, "AWS/Lambda", "Errors", other))
    store_series(a_key("hidden", account=OTHER_ACCOUNT), a_key('we"ird%'))
    viewer = a_user("vera", Role.VIEWER, ACCOUNT)

    def of(value: str | None) -> list[MetricKey]:
        dimensions = (("FunctionName", value),)
        pattern = Pattern(None, None, "AWS/Lambda", "Errors", dimensions)
        return found.series_of(pattern, viewer)

    assert of(None) == [a_key("pay"), a_key('we"ird%')]
    assert of('we"ird%') == [a_key('we"ird%')]
    assert of("%") == []
