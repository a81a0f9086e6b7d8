"""Items into rows: once, in any order, however often."""

from datetime import timedelta
from itertools import permutations

import pytest

from apps.discovery.inventory import changes
from apps.discovery.inventory.items import ItemSource, ItemStatus
from apps.discovery.inventory.keeping import keep
from apps.discovery.models import Resource, ResourceItem, ResourceLink
from tests.discovery.inventory.things import an_item, in_vpc
from tests.factories import NOON

pytestmark = pytest.mark.django_db
MINUTE = timedelta(minutes=1)
THREE = [
    an_item(at=NOON + number * MINUTE, configuration={"size": number}, state_id=number)
    for number in range(3)
]


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_the_row_is_as_the_newest_item_says_in_any_order(order: tuple[int]) -> None:
    for number in (*order, *order):
        keep([THREE[number]], NOON)

    row = Resource.objects.get()
    assert row.configuration == {"size": 2}
    assert row.captured_at == NOON + 2 * MINUTE
    assert row.first_seen_at == NOON
    assert ResourceItem.objects.count() == 3


def test_items_of_one_moment_are_ordered_by_their_state() -> None:
    first = an_item(configuration={"size": 1}, state_id=7)
    second = an_item(configuration={"size": 2}, state_id=8)
    keep([second], NOON)
    keep([first], NOON)

    assert Resource.objects.get().configuration == {"size": 2}


def test_an_item_that_comes_again_changes_nothing() -> None:
    assert keep(THREE, NOON).new == 3
    changes.done("compliance", changes.claim("compliance", 10, NOON))

    kept = keep(THREE, NOON)

    assert (kept.new, kept.already_there, kept.changed) == (0, 3, 0)
    assert changes.waiting("compliance") == 0


def test_what_was_deleted_keeps_how_it_was_last() -> None:
    keep([an_item(configuration={"size": 1})], NOON)
    gone = an_item(at=NOON + MINUTE, status=ItemStatus.DELETED, configuration={})
    keep([gone], NOON)

    row = Resource.objects.get()
    assert row.deleted_at == NOON + MINUTE
    assert row.configuration == {"size": 1}


def test_what_comes_back_is_there_again() -> None:
    keep([an_item(status=ItemStatus.DELETED)], NOON)
    keep([an_item(at=NOON + MINUTE)], NOON)

    assert Resource.objects.get().deleted_at is None


def test_relationships_are_those_of_the_newest_item() -> None:
    keep([an_item(at=NOON + MINUTE, relationships=in_vpc("vpc-2"))], NOON)
    keep([an_item(relationships=in_vpc("vpc-1"))], NOON)

    assert ResourceLink.objects.get().to_id == "vpc-2"


def test_an_item_without_tags_and_relationships_takes_none_away() -> None:
    keep([an_item(tags={"team": "web"}, relationships=in_vpc())], NOON)
    keep([an_item(at=NOON + MINUTE, is_base=True)], NOON)

    assert Resource.objects.get().tags == {"team": "web"}
    assert ResourceLink.objects.count() == 1


def test_the_whole_item_replaces_the_part_that_came_first() -> None:
    keep([an_item(is_base=True)], NOON)
    keep([an_item(tags={"team": "web"}, relationships=in_vpc())], NOON)

    assert Resource.objects.get().tags == {"team": "web"}
    assert ResourceLink.objects.count() == 1
    assert not ResourceItem.objects.get().is_base


def test_a_look_of_our_own_that_sees_the_same_is_no_item() -> None:
    for minute in range(3):
        keep([an_item(at=NOON + minute * MINUTE, source=ItemSource.SCANNER)], NOON)

    assert ResourceItem.objects.count() == 1
    assert Resource.objects.get().seen_at == NOON + 2 * MINUTE


def test_what_we_saw_ourselves_is_not_undone_by_an_older_item() -> None:
    keep([an_item(at=NOON, configuration={"size": 1}, source=ItemSource.SCANNER)], NOON)
    seen = an_item(
        at=NOON + 2 * MINUTE, configuration={"size": 1}, source=ItemSource.SCANNER
    )
    keep([seen], NOON)
    keep([an_item(at=NOON + MINUTE, configuration={"size": 9})], NOON)

    assert Resource.objects.get().configuration == {"size": 1}
    assert ResourceItem.objects.count() == 2


def test_what_we_add_outlives_an_item_of_config() -> None:
    user = "AWS::IAM::User"
    ours = an_item(
        "AIDA", type_=user, supplementary={"accessKeys": []}, source=ItemSource.SCANNER
    )
    keep([ours], NOON)
    keep([an_item("AIDA", at=NOON + MINUTE, type_=user)], NOON)

    assert Resource.objects.get().supplementary == {"accessKeys": []}


def test_a_follower_hears_of_each_change_until_it_is_done() -> None:
    keep([THREE[0]], NOON)
    claimed = changes.claim("compliance", 10, NOON)
    assert [one.resource_id for one in claimed] == [Resource.objects.get().pk]
    assert changes.claim("compliance", 10, NOON) == []

    keep([THREE[1]], NOON)
    changes.done("compliance", claimed)

    assert len(changes.claim("compliance", 10, NOON)) == 1


def test_what_a_dead_worker_claimed_comes_again() -> None:
    keep([THREE[0]], NOON)
    changes.claim("compliance", 10, NOON)

    assert changes.claim("compliance", 10, NOON + timedelta(hours=1))


def test_what_came_and_went_in_one_reading_keeps_how_it_was() -> None:
    made = an_item(configuration={"size": 1}, relationships=in_vpc())
    gone = an_item(at=NOON + MINUTE, status=ItemStatus.DELETED, configuration={})
    keep([made, gone], NOON)

    row = Resource.objects.get()
    assert row.configuration == {"size": 1}
    assert row.deleted_at == NOON + MINUTE
    assert row.links.get().to_id == "vpc-1"
