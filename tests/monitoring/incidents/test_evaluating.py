"""From readings to incidents, through rows."""

from __future__ import annotations

from datetime import timedelta

import pytest

from apps.monitoring.incidents import evaluating, opening, rules
from apps.monitoring.incidents.evaluations import told_of
from apps.monitoring.models import (
    AlertRule,
    EvaluationHour,
    Incident,
    RuleOutage,
    RuleState,
)
from apps.monitoring.notifications.notices import Notice, State
from tests.factories import a_user
from tests.monitoring.incidents.world import Scripted, a_rule, evaluate, minute

pytestmark = pytest.mark.django_db


def story(told: list[Notice]) -> list[tuple[str, int]]:
    return [(one.state.value, one.revision) for one in told]


def test_an_incident_opens_and_is_resolved_by_data(
    world: Scripted, told: list[Notice]
) -> None:
    a_rule(name="Queue too long")
    world.minutes["orders"] = [1, 1]
    evaluate(2)
    assert not Incident.objects.exists()

    world.minutes["orders"] += [9]
    evaluate(3)
    incident = Incident.objects.get()
    assert (incident.title, incident.state) == ("Queue too long: thing orders", "open")
    assert (incident.severity, incident.service, incident.value) == (
        "high",
        "orders",
        9,
    )

    world.minutes["orders"] += [1]
    evaluate(4)
    incident.refresh_from_db()
    assert (incident.state, incident.ended) == ("resolved", "data")
    assert story(told) == [("firing", 1), ("resolved", 2)]
    assert told[0].labels["rule"] == "Queue too long"
    assert [one.kind for one in incident.events.all()] == ["opened", "resolved"]


def test_evaluating_again_repeats_nothing(world: Scripted, told: list[Notice]) -> None:
    a_rule()
    world.minutes["orders"] = [1, 9]
    for _ in range(3):
        evaluate(2)

    assert story(told) == [("firing", 1)]
    [row] = EvaluationHour.objects.all()
    assert [told_of(one).evaluation.decision.value for one in row.entries] == [
        "breaching"
    ]


def test_what_was_missed_while_nobody_worked_is_judged_later(
    world: Scripted, told: list[Notice]
) -> None:
    a_rule()
    world.minutes["orders"] = [1]
    evaluate(1)
    world.minutes["orders"] += [1, 9, 9, 1, 1]

    evaluate(30)

    assert story(told) == [("firing", 1), ("resolved", 2)]
    incident = Incident.objects.get()
    assert incident.opened_at == minute(3) - timedelta(seconds=1)


def test_without_data_nothing_fires_and_nothing_is_resolved(
    world: Scripted, told: list[Notice]
) -> None:
    rule = a_rule()
    world.minutes["orders"] = [9]
    evaluate(1)
    world.problem = "The store is down."
    evaluate(5)

    rule.refresh_from_db()
    assert rule.problem == "The store is down."
    assert RuleOutage.objects.get().until is None
    assert story(told) == [("firing", 1)]

    world.problem = ""
    world.minutes["orders"] += [9, 1]
    evaluate(6)
    assert RuleOutage.objects.get().until == minute(6)
    assert story(told) == [("firing", 1), ("resolved", 2)]


def test_one_key_one_incident(world: Scripted, told: list[Notice]) -> None:
    a_rule(key_template="shop")
    world.minutes = {"orders": [9, 9, 1], "carts": [9, 1, 1]}
    evaluate(1)
    assert Incident.objects.get().members.count() == 2
    evaluate(2)
    assert Incident.objects.get().state == "open"

    evaluate(3)

    assert Incident.objects.get().state == "resolved"
    assert story(told) == [("firing", 1), ("resolved", 2)]


def test_all_parts_that_end_together_end_the_incident(
    world: Scripted, told: list[Notice]
) -> None:
    a_rule(key_template="shop")
    world.minutes = {"orders": [9], "carts": [9]}
    evaluate(1)
    world.minutes = {"orders": [9, 1], "carts": [9, 1], "stock": [1, 9]}
    evaluate(2)
    assert Incident.objects.get().state == "open"

    world.minutes = {name: [*some, 1] for name, some in world.minutes.items()}
    evaluate(3)

    assert story(told) == [("firing", 1), ("resolved", 2)]


def test_rules_that_share_a_key_share_an_incident(
    world: Scripted, told: list[Notice]
) -> None:
    first = a_rule(key_template="{{service}} is down", name="One")
    a_rule(key_template="{{service}} is down", name="Two", threshold=1.0)
    world.minutes["orders"] = [9]
    evaluate(1)
    rules.delete(first.pk, a_user("bea"), minute(1.5))

    assert Incident.objects.get().state == "open"
    assert story(told) == [("firing", 1)]


def test_closing_needs_a_reason_and_data_opens_it_again(
    world: Scripted, told: list[Notice]
) -> None:
    ann = a_user()
    a_rule()
    world.minutes["orders"] = [9]
    evaluate(1)
    incident = Incident.objects.get()
    with pytest.raises(opening.ActionRefused):
        opening.close(incident.pk, ann, "  ", minute(1.5))
    opening.close(incident.pk, ann, "We know", minute(1.5))
    evaluate(1.6)
    assert Incident.objects.get().state == "resolved"

    world.minutes["orders"] += [9]
    evaluate(2)

    assert Incident.objects.get().state == "open"
    assert story(told) == [("firing", 1), ("resolved", 2), ("firing", 3)]


def test_closed_and_fine_it_stays_closed(world: Scripted, told: list[Notice]) -> None:
    a_rule()
    world.minutes["orders"] = [9]
    evaluate(1)
    opening.close(Incident.objects.get().pk, a_user(), "Repaired", minute(1.5))
    world.minutes["orders"] += [1, 1]
    evaluate(3)

    assert Incident.objects.get().ended == "person"
    assert story(told) == [("firing", 1), ("resolved", 2)]


def test_it_is_acknowledged_once(world: Scripted, told: list[Notice]) -> None:
    ann = a_user()
    a_rule()
    world.minutes["orders"] = [9]
    evaluate(1)
    incident = Incident.objects.get()
    opening.acknowledge(incident.pk, ann, "Looking", minute(2))
    with pytest.raises(opening.ActionRefused, match="ann"):
        opening.acknowledge(incident.pk, a_user("bea"), "", minute(3))

    incident.refresh_from_db()
    assert (incident.state, incident.note) == ("acknowledged", "Looking")
    assert told[-1].state is State.ACKNOWLEDGED


@pytest.mark.parametrize("how", ["delete", "switch", "change"])
def test_a_rule_that_goes_or_watches_something_else_resolves_what_it_opened(
    world: Scripted, told: list[Notice], how: str
) -> None:
    ann, rule = a_user(), a_rule()
    world.minutes["orders"] = [9]
    evaluate(1)
    if how == "delete":
        rules.delete(rule.pk, ann, minute(2))
    elif how == "switch":
        rules.switch(rule.pk, ann, minute(2), on=False)
    else:
        rules.change(rule.pk, {"parameters": {"other": "1"}}, ann, minute(2))

    incident = Incident.objects.get()
    assert (incident.state, incident.ended) == ("resolved", "rule")
    assert not RuleState.objects.exists()


def test_another_threshold_goes_on_from_what_is_known(
    world: Scripted, told: list[Notice]
) -> None:
    rule = a_rule()
    world.minutes["orders"] = [9]
    evaluate(1)
    rules.change(rule.pk, {"threshold": 20.0}, a_user(), minute(1.5))
    assert Incident.objects.get().state == "open"

    world.minutes["orders"] += [9]
    evaluate(2)

    assert Incident.objects.get().state == "resolved"


def test_a_worker_whose_claim_is_gone_writes_nothing(
    world: Scripted, told: list[Notice], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A slow one, overtaken after it read: what it found is the other's to write."""
    a_rule()
    world.minutes["orders"] = [9]
    evaluated = evaluating.evaluated

    def slow(*args: object) -> object:
        found = evaluated(*args)  # type: ignore[arg-type]
        AlertRule.objects.update(claimed_by="somebody else")
        return found

    monkeypatch.setattr(evaluating, "evaluated", slow)
    evaluating.evaluate_due(lambda: minute(1))

    assert not RuleState.objects.exists()
    assert not told


def test_a_rule_changed_meanwhile_is_not_judged_by_what_it_was(
    world: Scripted, told: list[Notice], monkeypatch: pytest.MonkeyPatch
) -> None:
    rule, ann = a_rule(), a_user()
    world.minutes["orders"] = [9]
    evaluated = evaluating.evaluated

    def slow(*args: object) -> object:
        found = evaluated(*args)  # type: ignore[arg-type]
        rules.change(rule.pk, {"threshold": 50.0}, ann, minute(1))
        return found

    monkeypatch.setattr(evaluating, "evaluated", slow)
    evaluating.evaluate_due(lambda: minute(1))

    assert not Incident.objects.exists()


def test_many_rules_take_as_many_statements_as_few(
    world: Scripted, told: list[Notice], django_assert_max_num_queries: object
) -> None:
    world.minutes["orders"] = [1, 1, 1]
    for number in range(100):
        a_rule(name=f"Rule {number}")
    evaluate(1)

    with django_assert_max_num_queries(30):  # type: ignore[operator]
        evaluate(2)
    assert RuleState.objects.count() == 100
