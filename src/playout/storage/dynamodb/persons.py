"""What leads to a person: address, other ways in, workspace, and the key that seals something of theirs.

And who was in a workspace before workspaces had members: people bore their role themselves, in an attribute that is
carried along until the workspace has been saved with its members.
"""

from collections.abc import Sequence
from dataclasses import replace

from playout.domain.person import Member, Person, Role
from playout.storage.dynamodb.actions import ABSENT, Action, Delete, Key, Put, stands, unchanged
from playout.storage.dynamodb.items import PERSON, email_key, member_of, person_key, under, way_key
from playout.storage.dynamodb.table import Table, below
from playout.storage.dynamodb.values import Item, text

#: Under a key lie the channels (TO#), the webhooks (HOOK#) and, apart from both, the people sealed by it.
LED = "WHO#"
_ROLE = "role"


def leading(person: Person) -> Sequence[Key]:
    """Items of the table that are written with the person, and go with them; each once."""
    keys = [email_key(person.email), member_of(person.workspace_id, person.id), *map(way_key, person.ways)]
    if person.data_key:
        keys.append((f"KEY#{person.data_key.key_id}", LED + person.id))
    return list(dict.fromkeys(keys))


def saving(made: Person, found: Item | None) -> list[Action]:
    """The person, what leads to them now, and no longer what led to them as they were `found`."""
    old, new = set(leading(PERSON.record(found))) if found else set(), set(leading(made))
    mine = ABSENT | stands("person_id", made.id)
    was = {_ROLE: found[_ROLE]} if found and _ROLE in found else {}
    return [
        Put(under(person_key(made.id), was | PERSON.item(made)), unchanged(made.version - 1)),
        *(Put(under(key, {"person_id": text(made.id)}), mine) for key in sorted(new - old)),
        *(Delete(key) for key in sorted(old - new)),
    ]


def person_of(item: Item) -> Person:
    """As it stands; whoever was written before workspaces had members is in the one that they lie in."""
    person = PERSON.record(item)
    return person if "workspaces" in item else replace(person, workspaces=(person.workspace_id,))


async def members_of(table: Table, workspace_id: str) -> tuple[Member, ...]:
    """Of a workspace that was last written before it had members, oldest first."""
    lying = [item["SK"]["S"].partition("#")[2] async for item in table.query(below(workspace_id, "PER#"))]
    keys = [person_key(one) for one in lying]
    found = await table.batch(keys)
    there = [(found[key][_ROLE]["S"], PERSON.record(found[key])) for key in keys if _ROLE in found.get(key, {})]
    return tuple(Member(one.id, Role(role), one.created_at) for role, one in there)
