"""What people say on the command line, as the services want it: channels by any of their names, options by text."""

import json
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping, Sequence
from typing import TypeVar

from playout.application.ports import Page
from playout.cli.desk import Desk
from playout.domain.channel import Channel
from playout.domain.delivery import JsonValue
from playout.domain.errors import Invalid, Problem
from playout.domain.post import Destination

T = TypeVar("T")


async def pages(lister: Callable[..., Awaitable[Page[T]]], most: int | None = None) -> AsyncIterator[T]:
    """Everything that is listed, or the first `most`, page by page."""
    cursor: str | None = None
    left = most
    while left is None or left > 0:
        page = await lister(cursor=cursor, limit=200 if left is None else min(left, 200))
        for one in page.items:
            yield one
        left = None if left is None else left - len(page.items)
        cursor = page.next_cursor
        if cursor is None:
            return


async def all_channels(desk: Desk) -> Sequence[Channel]:
    """Newest first."""
    return [one async for one in pages(lambda **page: desk.services.channels.list(desk.actor, **page))]


async def channels(desk: Desk, names: Iterable[str]) -> Sequence[Channel]:
    """One for each name, in order. Raises Invalid: unknown, or ambiguous with the candidates."""
    known = await all_channels(desk)
    wanted = [name.strip() for listed in names for name in listed.split(",") if name.strip()]
    if not wanted:
        raise _invalid("no_destination", "Name at least one channel with --to.")
    return [_pick(name, known) for name in wanted]


async def channel(desk: Desk, name: str) -> Channel:
    """The one that is meant. Raises Invalid."""
    return _pick(name.strip(), await all_channels(desk))


def _pick(name: str, known: Sequence[Channel]) -> Channel:
    named = [one for one in known if name == one.id or name.casefold() in _names(one)]
    found = [one for one in named if one.connected] or named
    if len(found) == 1:
        return found[0]
    if found:
        candidates = "; ".join(f"{called(one)} ({one.id})" for one in found)
        raise _invalid("ambiguous_channel", f"“{name}” is more than one channel. Say which: {candidates}.")
    there = ", ".join(called(one) for one in known if one.connected) or "none yet; `playout channels connect` makes one"
    raise _invalid("unknown_channel", f"There is no channel “{name}”. Connected: {there}.")


def _names(one: Channel) -> set[str]:
    """The platform's own name will do where there is one channel of it."""
    username = one.profile.username.casefold()
    return {username, f"@{username}", f"{one.platform}:{username}", f"{one.platform}:@{username}", one.platform}


def called(one: Channel) -> str:
    """How a channel is called here."""
    return f"{one.platform}:{one.profile.username or one.profile.remote_id}"


def destinations(chosen: Sequence[Channel], options: Iterable[str]) -> tuple[Destination, ...]:
    """Where it goes, each with the options meant for it: `name=value` for all, `PLATFORM:` or `CHANNEL:` before it."""
    given = [_option(text) for text in options]
    for where, name, _ in given:
        if where and not any(_meant(where, one) for one in chosen):
            raise _invalid("unknown_channel", f"--option {where}:{name}: the post does not go to “{where}”.")
    return tuple(
        Destination(one.id, options={name: value for where, name, value in given if not where or _meant(where, one)})
        for one in chosen
    )


def _meant(where: str, one: Channel) -> bool:
    return where == one.id or where.casefold() in {one.platform, *_names(one)}


def _option(text: str) -> tuple[str, str, JsonValue]:
    named, equals, value = text.partition("=")
    where, _, name = named.strip().rpartition(":")
    if not equals or not name:
        raise _invalid("bad_option", f"--option takes name=value, not “{text}”.")
    return where, name, _value(value)


def _value(text: str) -> JsonValue:
    """true, false and whole numbers are themselves, all else is text; quotes make text of anything."""
    try:
        read: JsonValue = json.loads(text)
    except ValueError:
        return text
    return read if isinstance(read, bool | int | str) else text


def offered(problem: Problem, choices: Mapping[str, Sequence[str]]) -> Problem:
    """The problem with what can be chosen."""
    name = problem.field.rpartition("/")[2]
    values = ", ".join(choices.get(name, ())) or "true or false, as a person decides"
    sentence = f"{name} must be chosen: --option {name}=…, one of {values}."
    return Problem(problem.code, problem.field, sentence, problem.channel_id)


def _invalid(code: str, sentence: str) -> Invalid:
    return Invalid(sentence, code=code, problems=[Problem(code, "", sentence)])
