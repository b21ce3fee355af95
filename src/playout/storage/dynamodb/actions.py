"""Writes to one item, as values: what is to become of it, and on which condition. Nothing is sent here."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from playout.storage.dynamodb.values import Item, Value, number, text

#: PK and SK.
Key: TypeAlias = tuple[str, str]
#: By this attribute a write is known again whose answer was lost.
WRITTEN = "written"

_NAMES = re.compile(r"#(\w+)")


@dataclass(frozen=True, slots=True)
class When:
    """A condition on the item as it stands. Attributes are written `#name`, values `:name`."""

    text: str
    values: Item = field(default_factory=dict)

    def __and__(self, other: "When") -> "When":
        return When(f"({self.text}) AND ({other.text})", {**self.values, **other.values})

    def __or__(self, other: "When") -> "When":
        return When(f"({self.text}) OR ({other.text})", {**self.values, **other.values})


ALWAYS = When("")
ABSENT = When("attribute_not_exists(#PK)")
PRESENT = When("attribute_exists(#PK)")


def unchanged(version: int) -> When:
    """It is as it was loaded; 0: there is none."""
    return When("#version = :loaded", {":loaded": number(version)}) if version else ABSENT


def stands(name: str, value: str) -> When:
    """This attribute has this value."""
    return When(f"#{name} = :{name}_stands", {f":{name}_stands": text(value)})


def as_seen(item: Item) -> When:
    """Nobody has written to it since, not even what moves no version."""
    if WRITTEN in item:
        return stands(WRITTEN, item[WRITTEN]["S"])
    return PRESENT & When(f"attribute_not_exists(#{WRITTEN})")


@dataclass(frozen=True, slots=True)
class Put:
    """The whole item."""

    item: Item
    when: When = ALWAYS

    @property
    def key(self) -> Key:
        return self.item["PK"]["S"], self.item["SK"]["S"]


@dataclass(frozen=True, slots=True)
class Update:
    """Some attributes of it. `add`: to a number, or into a set; `take`: out of a set. It is made if it is not there."""

    key: Key
    put: Item = field(default_factory=dict)
    drop: Sequence[str] = ()
    add: Item = field(default_factory=dict)
    take: Item = field(default_factory=dict)
    when: When = ALWAYS


@dataclass(frozen=True, slots=True)
class Delete:
    """It goes."""

    key: Key
    when: When = ALWAYS


@dataclass(frozen=True, slots=True)
class Check:
    """Nothing happens to it, but the condition must hold."""

    key: Key
    when: When = PRESENT


Action: TypeAlias = Put | Update | Delete | Check
Request: TypeAlias = dict[str, Any]


def request(action: Action, table: str, mark: str) -> Request:
    """As DynamoDB takes it, alone or (by `operation`) in a transaction. `mark` names this write."""
    made: Request = {"TableName": table}
    change, values = _change(action, mark) if isinstance(action, Update) else ("", {})
    if isinstance(action, Put):
        made["Item"] = {**action.item, WRITTEN: text(mark)}
    else:
        made["Key"] = wire(action.key)
    if change:
        made["UpdateExpression"] = change
    if action.when.text:
        made["ConditionExpression"] = action.when.text
        made["ReturnValuesOnConditionCheckFailure"] = "ALL_OLD"
    return made | placeholders(f"{change} {action.when.text}", {**values, **action.when.values})


def operation(action: Action) -> str:
    """Its name within a transaction."""
    return "ConditionCheck" if isinstance(action, Check) else type(action).__name__


def placeholders(expression: str, values: Item) -> Request:
    """The parts of a request that say what `#name` and `:name` in its expressions mean."""
    found = {f"#{name}": name for name in _NAMES.findall(expression)}
    return ({"ExpressionAttributeNames": found} if found else {}) | (
        {"ExpressionAttributeValues": dict(values)} if values else {}
    )


def key_of(item: Item) -> Key:
    """Of an item as it stands."""
    return item["PK"]["S"], item["SK"]["S"]


def wire(key: Key) -> dict[str, Value]:
    """A key as DynamoDB takes it."""
    return {"PK": text(key[0]), "SK": text(key[1])}


def _change(update: Update, mark: str) -> tuple[str, dict[str, Value]]:
    put = {**update.put, WRITTEN: text(mark)}
    parts = {
        "SET": [f"#{name} = :{name}" for name in put],
        "REMOVE": [f"#{name}" for name in update.drop],
        "ADD": [f"#{name} :{name}" for name in update.add],
        "DELETE": [f"#{name} :{name}" for name in update.take],
    }
    change = " ".join(f"{verb} {', '.join(each)}" for verb, each in parts.items() if each)
    return change, _named({**put, **update.add, **update.take})


def _named(values: Mapping[str, Value]) -> dict[str, Value]:
    return {f":{name}": value for name, value in values.items()}
