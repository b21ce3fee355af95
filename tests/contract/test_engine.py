"""What every engine keeps. It may lose, repeat or reorder a wake; in peace none of them does."""

import asyncio
import logging
import signal
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager

import pytest

from playout.application.ports import Engine, Handler
from playout.domain.errors import Misconfigured
from playout.engines.memory import MemoryEngine
from playout.engines.postgres import PostgresEngine

MakeEngine = Callable[[int], Awaitable[Engine]]


@pytest.fixture(params=["memory", pytest.param("postgres", marks=pytest.mark.postgres)])
async def make_engine(request: pytest.FixtureRequest) -> AsyncIterator[MakeEngine]:
    """Makes engines with so many slots; stopped at the end of the test."""
    made: list[Engine] = []
    url = request.getfixturevalue("postgres_url") if request.param == "postgres" else None

    async def make(slots: int) -> Engine:
        engine = MemoryEngine(slots) if url is None else PostgresEngine(url, slots)
        made.append(engine)
        await engine.prepare()
        return engine

    yield make
    for engine in made:
        await engine.stop(0)
    assert {task for task in asyncio.all_tasks() if task is not asyncio.current_task()} == set()


@asynccontextmanager
async def serving(engine: Engine, handlers: Mapping[str, Handler]) -> AsyncIterator[None]:
    run = asyncio.create_task(engine.run(handlers))
    try:
        yield
    finally:
        await engine.stop(0)
        await run


class Desk:
    """A handler that notes what it is called with, and holds it there until told."""

    def __init__(self, *, held: bool = False) -> None:
        self.began: list[str] = []
        self.ended: list[str] = []
        self.cancelled: list[str] = []
        self.most = 0
        self._now = 0
        self._go = asyncio.Event()
        self._changed = asyncio.Event()
        if not held:
            self._go.set()

    async def __call__(self, name: str) -> None:
        self.began.append(name)
        self._now += 1
        self.most = max(self.most, self._now)
        self._changed.set()
        try:
            await self._go.wait()
            self.ended.append(name)
        except asyncio.CancelledError:
            self.cancelled.append(name)
            raise
        finally:
            self._now -= 1
            self._changed.set()

    def let_go(self) -> None:
        self._go.set()

    async def until(self, condition: Callable[[], bool]) -> None:
        async with asyncio.timeout(30):
            while not condition():
                self._changed.clear()
                await self._changed.wait()


async def nothing(name: str) -> None:
    """A handler for what does not matter in a test."""


async def settled(engine: Engine, free: int) -> None:
    """Until so many hands are free."""
    async with asyncio.timeout(30):
        while engine.free() != free:
            await asyncio.sleep(0.01)


async def test_a_wake_reaches_the_handler_of_its_kind_with_its_name(make_engine: MakeEngine) -> None:
    engine, deliveries, chores = await make_engine(4), Desk(), Desk()
    async with serving(engine, {"delivery": deliveries, "chore": chores}):
        await engine.wake("delivery", "wsp_a/dlv_ü/:@?[]")
        await engine.wake("chore", "wsp_a/probe:vid_1")
        await deliveries.until(lambda: bool(deliveries.ended))
        await chores.until(lambda: bool(chores.ended))

    assert (deliveries.began, chores.began) == (["wsp_a/dlv_ü/:@?[]"], ["wsp_a/probe:vid_1"])


async def test_a_wake_before_it_serves_is_kept(make_engine: MakeEngine) -> None:
    engine, desk = await make_engine(4), Desk()
    await engine.wake("delivery", "early")
    async with serving(engine, {"delivery": desk}):
        await desk.until(lambda: desk.ended == ["early"])


async def test_a_wake_that_nobody_here_handles_disturbs_nothing(make_engine: MakeEngine) -> None:
    engine, desk = await make_engine(1), Desk()
    async with serving(engine, {"delivery": desk}):
        await engine.wake("nobody", "it")
        await engine.wake("delivery", "it")
        await desk.until(lambda: desk.ended == ["it"])
        await settled(engine, 1)


async def test_a_handler_may_wake(make_engine: MakeEngine) -> None:
    engine, desk = await make_engine(1), Desk()

    async def chain(name: str) -> None:
        await engine.wake("delivery", f"after {name}")

    async with serving(engine, {"delivery": desk, "chore": chain}):
        await engine.wake("chore", "it")
        await desk.until(lambda: desk.ended == ["after it"])


async def test_the_same_wake_waiting_twice_runs_once(make_engine: MakeEngine) -> None:
    engine, desk = await make_engine(1), Desk(held=True)
    async with serving(engine, {"delivery": desk, "chore": nothing}):
        await engine.wake("delivery", "first")
        await desk.until(lambda: desk.began == ["first"])
        for _ in range(5):
            await engine.wake("delivery", "second")
            await asyncio.sleep(0.01)
        await engine.wake("delivery", "third")
        desk.let_go()
        await desk.until(lambda: "third" in desk.ended and "second" in desk.ended)
        await settled(engine, 1)

    assert sorted(desk.began) == ["first", "second", "third"]


async def test_a_wake_while_its_handler_runs_is_not_lost(make_engine: MakeEngine) -> None:
    engine, desk = await make_engine(1), Desk(held=True)
    async with serving(engine, {"delivery": desk}):
        await engine.wake("delivery", "it")
        await desk.until(lambda: desk.began == ["it"])
        await engine.wake("delivery", "it")
        desk.let_go()
        await desk.until(lambda: desk.ended == ["it", "it"])


@pytest.mark.parametrize("slots", [1, 3, 64])
async def test_no_more_run_at_once_than_there_are_slots(make_engine: MakeEngine, slots: int) -> None:
    engine, desk = await make_engine(slots), Desk(held=True)
    async with serving(engine, {"delivery": desk}):
        for n in range(200):
            await engine.wake("delivery", str(n))
        await desk.until(lambda: len(desk.began) == slots)
        desk.let_go()
        await desk.until(lambda: len(desk.ended) == 200)

    assert desk.most == slots
    assert sorted(desk.began, key=int) == [str(n) for n in range(200)]


async def test_thousands_of_wakes_are_all_served(make_engine: MakeEngine) -> None:
    engine, desk = await make_engine(64), Desk()
    async with serving(engine, {"delivery": desk}):
        for n in range(3000):
            await engine.wake("delivery", str(n))
        await desk.until(lambda: len(desk.ended) >= 3000)
        await settled(engine, 64)

    assert len(set(desk.ended)) == len(desk.ended) == 3000


async def test_a_handler_that_fails_is_logged_and_stops_nothing(
    make_engine: MakeEngine, caplog: pytest.LogCaptureFixture
) -> None:
    engine, desk = await make_engine(2), Desk()

    async def broken(name: str) -> None:
        raise RuntimeError(name)

    async with serving(engine, {"delivery": desk, "chore": broken}):
        with caplog.at_level(logging.ERROR, "playout"):
            for n in range(10):
                await engine.wake("chore", f"broken {n}")
            await engine.wake("delivery", "after")
            await desk.until(lambda: desk.ended == ["after"])
            await settled(engine, 2)

    assert [record.message for record in caplog.records] == ["engine.handler_failed"] * 10


async def test_free_counts_what_waits_and_what_runs(make_engine: MakeEngine) -> None:
    engine, desk = await make_engine(3), Desk(held=True)

    assert engine.free() == 3
    async with serving(engine, {"delivery": desk}):
        for n in range(5):
            await engine.wake("delivery", str(n))
            assert engine.free() == max(2 - n, 0)
        await desk.until(lambda: len(desk.began) == 3)
        assert engine.free() == 0
        desk.let_go()
        await settled(engine, 3)


async def test_room_is_there_at_once_when_it_is(make_engine: MakeEngine) -> None:
    engine = await make_engine(1)
    async with asyncio.timeout(5):
        await engine.room()


async def test_room_comes_when_a_handler_ends(make_engine: MakeEngine) -> None:
    engine, desk = await make_engine(1), Desk(held=True)
    async with serving(engine, {"delivery": desk}):
        await engine.wake("delivery", "it")
        await desk.until(lambda: desk.began == ["it"])
        rooms = [asyncio.create_task(engine.room()) for _ in range(2)]
        await asyncio.sleep(0.05)
        assert not any(room.done() for room in rooms)
        desk.let_go()
        async with asyncio.timeout(30):
            await asyncio.gather(*rooms)


async def test_whoever_claims_as_much_as_is_free_never_claims_more_than_can_run(make_engine: MakeEngine) -> None:
    engine, desk = await make_engine(8), Desk(held=True)
    woken = 0
    async with serving(engine, {"delivery": desk}):
        for _ in range(50):
            for _ in range(engine.free()):
                await engine.wake("delivery", str(woken))
                woken += 1
            await asyncio.sleep(0.002)
        await desk.until(lambda: len(desk.began) == 8)

    assert woken == 8


async def test_stop_lets_what_runs_finish(make_engine: MakeEngine) -> None:
    engine, desk = await make_engine(2), Desk(held=True)
    async with serving(engine, {"delivery": desk}):
        await engine.wake("delivery", "it")
        await desk.until(lambda: desk.began == ["it"])
        stop = asyncio.create_task(engine.stop(30))
        await asyncio.sleep(0.05)
        assert not stop.done()
        desk.let_go()
        await stop

    assert (desk.ended, desk.cancelled) == (["it"], [])


async def test_stop_cancels_what_does_not_finish_in_time(make_engine: MakeEngine) -> None:
    engine, desk = await make_engine(2), Desk(held=True)
    async with serving(engine, {"delivery": desk}):
        await engine.wake("delivery", "it")
        await desk.until(lambda: desk.began == ["it"])
        await engine.stop(0.05)

        assert desk.cancelled == ["it"]


async def test_nothing_begins_after_stop(make_engine: MakeEngine) -> None:
    engine, desk = await make_engine(1), Desk(held=True)
    async with serving(engine, {"delivery": desk}):
        await engine.wake("delivery", "first")
        await desk.until(lambda: desk.began == ["first"])
        await engine.wake("delivery", "second")
        stop = asyncio.create_task(engine.stop(30))
        await asyncio.sleep(0)
        await engine.wake("delivery", "third")
        assert engine.free() == 0
        desk.let_go()
        await stop

    assert desk.began == ["first"]


async def test_run_returns_after_stop_and_stop_may_come_first(make_engine: MakeEngine) -> None:
    engine = await make_engine(1)
    await engine.stop(0)
    async with asyncio.timeout(30):
        await engine.run({"delivery": nothing})


async def test_cancelled_it_leaves_nothing_running(make_engine: MakeEngine) -> None:
    engine, desk = await make_engine(2), Desk(held=True)
    run = asyncio.create_task(engine.run({"delivery": desk}))
    await engine.wake("delivery", "it")
    await desk.until(lambda: desk.began == ["it"])
    run.cancel()
    with pytest.raises(asyncio.CancelledError):
        await run

    assert desk.cancelled == ["it"]


async def test_signals_stay_with_the_door(make_engine: MakeEngine) -> None:
    before = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)]
    engine, desk = await make_engine(1), Desk()
    async with serving(engine, {"delivery": desk}):
        await engine.wake("delivery", "it")
        await desk.until(lambda: desk.ended == ["it"])

        assert [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)] == before


@pytest.mark.parametrize("slots", [0, -1])
async def test_an_engine_without_hands_is_refused(make_engine: MakeEngine, slots: int) -> None:
    with pytest.raises(Misconfigured):
        await make_engine(slots)
