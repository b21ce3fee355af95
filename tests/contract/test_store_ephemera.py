"""Small things with an end: put once, taken once, counted strictly; an expired one is not there."""

import asyncio
from datetime import datetime, timedelta

import pytest

from playout.application.ports import Store
from tests.contract.cast import NOW

SECOND = timedelta(seconds=1)
END = NOW + 10 * SECOND


async def test_what_is_put_is_there_until_its_end(store: Store) -> None:
    assert await store.ephemera.put_new("state:1", "válue", END, NOW) is None

    assert await store.ephemera.get("state:1", END - timedelta(microseconds=1)) == "válue"
    assert await store.ephemera.get("state:1", END) is None


async def test_what_stands_is_not_overwritten_but_told(store: Store) -> None:
    await store.ephemera.put_new("key", "first", END, NOW)

    assert await store.ephemera.put_new("key", "second", END, NOW) == "first"
    assert await store.ephemera.get("key", NOW) == "first"


async def test_what_expired_is_overwritten(store: Store) -> None:
    await store.ephemera.put_new("key", "first", END, NOW)

    assert await store.ephemera.put_new("key", "second", END + SECOND, END) is None
    assert await store.ephemera.get("key", END) == "second"


async def test_of_many_who_put_exactly_one_does_and_all_others_hear_it(store: Store) -> None:
    values = [f"value-{number}" for number in range(20)]

    told = await asyncio.gather(*(store.ephemera.put_new("key", value, END, NOW) for value in values))

    winner = await store.ephemera.get("key", NOW)
    assert told.count(None) == 1
    assert told.count(winner) == 19
    assert told[values.index(str(winner))] is None


async def test_replacing_needs_the_old_value(store: Store) -> None:
    await store.ephemera.put_new("key", "old", END, NOW)

    assert not await store.ephemera.replace("key", "other", "new", END)
    assert await store.ephemera.replace("key", "old", "new", END + SECOND)
    assert await store.ephemera.get("key", END) == "new"


async def test_nothing_is_replaced_where_nothing_is(store: Store) -> None:
    assert not await store.ephemera.replace("key", "old", "new", END)
    assert await store.ephemera.get("key", NOW) is None


async def test_of_many_who_replace_exactly_one_does(store: Store) -> None:
    await store.ephemera.put_new("key", "old", END, NOW)

    done = await asyncio.gather(*(store.ephemera.replace("key", "old", f"new-{n}", END) for n in range(20)))

    assert done.count(True) == 1


async def test_of_many_who_take_exactly_one_gets_it(store: Store) -> None:
    await store.ephemera.put_new("key", "value", END, NOW)

    got = await asyncio.gather(*(store.ephemera.take("key", NOW) for _ in range(20)))

    assert got.count("value") == 1
    assert got.count(None) == 19


async def test_what_expired_cannot_be_taken(store: Store) -> None:
    await store.ephemera.put_new("key", "value", END, NOW)

    assert await store.ephemera.take("key", END) is None


async def test_a_call_beyond_the_limit_hears_when_one_is_free(store: Store) -> None:
    window = 10 * SECOND
    for number in range(3):
        assert await store.ephemera.allow("rate", 3, window, NOW + number * SECOND) is None

    assert await store.ephemera.allow("rate", 3, window, NOW + 9 * SECOND) == NOW + window
    assert await store.ephemera.allow("rate", 3, window, NOW + window) is None
    assert await store.ephemera.allow("rate", 3, window, NOW + window) == NOW + SECOND + window


async def test_a_refused_call_is_not_counted(store: Store) -> None:
    await store.ephemera.allow("rate", 1, 10 * SECOND, NOW)
    for number in range(9):
        await store.ephemera.allow("rate", 1, 10 * SECOND, NOW + number * SECOND)

    assert await store.ephemera.allow("rate", 1, 10 * SECOND, NOW + 10 * SECOND) is None


async def test_no_window_of_time_ever_holds_more_than_the_limit(store: Store) -> None:
    window = 10 * SECOND
    moments = [NOW + step * SECOND * 0.7 for step in range(80)]

    allowed = [at for at in moments if await store.ephemera.allow("rate", 4, window, at) is None]

    assert all(within(allowed, at, window) <= 4 for at in allowed)
    assert len(allowed) >= 4 * (80 * 0.7 // 10)


def within(allowed: list[datetime], start: datetime, window: timedelta) -> int:
    return sum(start <= at < start + window for at in allowed)


async def test_callers_at_the_same_time_are_all_counted(store: Store) -> None:
    answers = await asyncio.gather(*(store.ephemera.allow("rate", 6, 60 * SECOND, NOW) for _ in range(30)))

    assert answers.count(None) == 6
    assert answers.count(NOW + 60 * SECOND) == 24


async def test_each_key_is_counted_by_itself_and_apart_from_values(store: Store) -> None:
    await store.ephemera.put_new("a", "value", END, NOW)

    assert await store.ephemera.allow("a", 1, SECOND, NOW) is None
    assert await store.ephemera.allow("b", 1, SECOND, NOW) is None
    assert await store.ephemera.get("a", NOW) == "value"


async def test_a_smaller_limit_waits_until_enough_have_left(store: Store) -> None:
    for number in range(3):
        await store.ephemera.allow("rate", 3, 10 * SECOND, NOW + number * SECOND)

    assert await store.ephemera.allow("rate", 1, 10 * SECOND, NOW + 3 * SECOND) == NOW + 12 * SECOND


@pytest.mark.parametrize("key", ["plain", "with:colon", "ünïcode", "%'\"; --"])
async def test_any_key_will_do(store: Store, key: str) -> None:
    await store.ephemera.put_new(key, "value", END, NOW)

    assert await store.ephemera.get(key, NOW) == "value"


async def test_sweeping_removes_the_expired_and_only_those(store: Store) -> None:
    await store.ephemera.put_new("old", "value", END, NOW)
    await store.ephemera.put_new("new", "value", END + SECOND, NOW)
    await store.ephemera.allow("rate", 1, 10 * SECOND, NOW)

    assert await store.ephemera.sweep(END) == 2
    assert await store.ephemera.sweep(END) == 0
    assert await store.ephemera.get("new", END) == "value"


async def test_forgetting_a_workspace_takes_what_lies_under_its_name_and_nothing_else(store: Store) -> None:
    mine = ["once:ws_a:1", "upload:ws_a:upl_1", "uploads:ws_a", "exporting:ws_a"]
    others = ["once:ws_b:1", "once:ws_aa:1", "oauth:ws", "ws_a", "ws_a:1", "once:1:ws_a", "uploads:ws_A"]
    for key in mine + others:
        await store.ephemera.put_new(key, "value", END, NOW)
    await store.ephemera.allow("rate:ws_a", 1, SECOND, NOW)

    assert await store.ephemera.forget("ws_a") == len(mine)

    assert [key for key in mine + others if await store.ephemera.get(key, NOW)] == others
    assert await store.ephemera.forget("ws_a") == 0
