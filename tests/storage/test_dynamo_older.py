"""What an older Playout wrote into a table: people bore their role themselves, and workspaces knew of no members."""

from dataclasses import replace
from typing import Any

import pytest

from playout.domain.errors import Stale
from playout.domain.person import Member, Person, Role
from playout.storage.dynamodb import DynamoStore
from tests.contract.cast import NOW, SOON, House, house
from tests.storage.dynamo_house import StagedProxy
from tests.storage.dynamo_wire import READS

ROLES = {"psn_1": Role.OWNER, "psn_2": Role.VIEWER}


@pytest.fixture
async def older(dynamo: DynamoStore, alice: House) -> House:
    """Alice's house as it was written then, with two people in it."""
    here, at = alice.workspace_id, NOW.isoformat(timespec="microseconds").replace("+00:00", "Z")
    for person_id, role in ROLES.items():
        email, key = f"{person_id}@example.com", f"PER#{person_id}"
        said = {"id": person_id, "email": email, "created_at": at, "workspace_id": here, "role": role.value}
        await put(dynamo, key, "PER", said, version=1)
        await put(dynamo, f"EMAIL#{email}", "PER", {"person_id": person_id})
        await put(dynamo, here, key, {})
    said = {"id": here, "name": "Alice's", "created_at": at, "late_posts": "hold"}
    await put(dynamo, here, "WS", said, version=1)
    return alice


async def put(store: DynamoStore, pk: str, sk: str, said: dict[str, str], version: int | None = None) -> None:
    item: dict[str, Any] = {name: {"S": value} for name, value in {"PK": pk, "SK": sk, "written": "1", **said}.items()}
    if version:
        item["version"] = {"N": str(version)}
    await store._table.ask("put_item", TableName=store._table.name, Item=item)


def members() -> tuple[Member, ...]:
    return tuple(Member(person_id, role, NOW) for person_id, role in ROLES.items())


async def test_who_was_in_a_workspace_is_a_member_of_it_with_the_role_they_had(
    dynamo: DynamoStore, older: House
) -> None:
    assert (await dynamo.workspaces.get(older.workspace_id)).members == members()


async def test_people_know_where_they_are_members(dynamo: DynamoStore, older: House) -> None:
    expected = Person("psn_1", "psn_1@example.com", None, NOW, older.workspace_id, 1, workspaces=(older.workspace_id,))

    assert await dynamo.people.by_email("psn_1@example.com") == await dynamo.people.get("psn_1") == expected


async def test_a_person_who_is_saved_before_the_workspace_stays_a_member(dynamo: DynamoStore, older: House) -> None:
    saved = await dynamo.people.save(replace(await dynamo.people.get("psn_1"), identities=("tiktok:1",)))
    saved = await dynamo.people.save(replace(saved, name="Alice"))

    assert await dynamo.people.by_way("tiktok:1") == saved
    assert (await dynamo.workspaces.get(older.workspace_id)).members == members()


async def test_whoever_comes_new_is_no_member_until_the_workspace_says_so(dynamo: DynamoStore, older: House) -> None:
    new = Person("psn_3", "new@example.com", None, NOW, older.workspace_id)
    await dynamo.people.save(new)
    workspace = await dynamo.workspaces.get(older.workspace_id)
    assert workspace.members == members()

    await dynamo.workspaces.save(workspace.with_member(Member(new.id, Role.EDITOR, SOON)))

    expected = (*members(), Member(new.id, Role.EDITOR, SOON))
    assert (await dynamo.workspaces.get(older.workspace_id)).members == expected


async def test_once_the_workspace_is_saved_it_alone_says_who_is_in_it(
    proxy: StagedProxy, dynamo: DynamoStore, older: House
) -> None:
    await dynamo.workspaces.save((await dynamo.workspaces.get(older.workspace_id)).without_member("psn_2"))
    proxy.calls.clear()

    workspace = await dynamo.workspaces.get(older.workspace_id)

    assert workspace.members == members()[:1]
    assert proxy.requests(READS) == 1


async def test_nobody_takes_over_an_address_of_theirs(dynamo: DynamoStore, older: House) -> None:
    with pytest.raises(Stale):
        await dynamo.people.save(Person("psn_9", "psn_1@example.com", None, NOW, older.workspace_id))


async def test_what_led_to_them_is_free_when_they_change_or_go(dynamo: DynamoStore, older: House) -> None:
    moved = await dynamo.people.save(replace(await dynamo.people.get("psn_1"), email="alice@example.com"))
    await dynamo.people.remove(await dynamo.people.get("psn_2"))

    old = [await dynamo.people.by_email(f"{one}@example.com") for one in ROLES]
    assert (old, await dynamo.people.by_email(moved.email)) == ([None, None], moved)


async def test_whoever_moved_away_stays_when_the_workspace_ends(dynamo: DynamoStore, older: House) -> None:
    other = await house(dynamo, "charlie")
    moved = replace(await dynamo.people.get("psn_1"), workspace_id=other.workspace_id)
    moved = await dynamo.people.save(moved)

    while await dynamo.workspaces.erase(older.workspace_id):
        pass

    assert await dynamo.people.by_email(moved.email) == moved
    assert await dynamo.people.by_email("psn_2@example.com") is None
