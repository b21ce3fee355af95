"""`serve` and `work`: until a signal, then in good order. A graceful stop is a success: exit code 0."""

import asyncio
import gc
import logging
import socket
from contextlib import AsyncExitStack

import uvloop

from playout import logs
from playout.api.metrics import Metrics
from playout.application.meter import IN_HAND, SLOTS
from playout.cli.desk import Call
from playout.cli.exits import Exit
from playout.door import signals
from playout.door.answering import answering
from playout.door.listening import address, listen
from playout.door.opening import hosts, settled, warn_about
from playout.settings import Loaded, current
from playout.wiring import GRACE, House, open_house

#: New objects until the youngest are looked through for circles. A request makes thousands and leaves none, so that the
#: usual 700 looks often, and for nothing.
RARELY = 50_000


def serve(call: Call, *, host: str | None, port: int | None, worker: bool) -> int:
    """Answers, and publishes what is due unless `worker` is off. Raises PlayoutError."""
    given = {name: value for name, value in (("host", host), ("port", port)) if value is not None}
    loaded = _start(call, given)
    gc.set_threshold(RARELY)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(_serve(call, loaded, worker=worker))


def work(call: Call) -> int:
    """Publishes what is due. Raises PlayoutError."""
    return asyncio.run(_work(call, _start(call, {})))


def _start(call: Call, given: dict[str, str | int]) -> Loaded:
    loaded = current({**call.flags, **given})
    form = "json" if call.out.as_json else loaded.settings.log_format
    logs.setup(level="debug" if call.debug else loaded.settings.log_level, form=form)
    for chatty in ("alembic", "uvicorn.error"):
        logging.getLogger(chatty).setLevel(logging.WARNING)
    return loaded


async def _serve(call: Call, loaded: Loaded, *, worker: bool) -> int:
    stop = asyncio.Event()
    async with AsyncExitStack() as stack:
        stack.enter_context(signals.caught(lambda: _told(call, stop)))
        # A port that is to be picked must be known before the house is: addresses are built from it.
        early = stack.enter_context(listen(loaded.settings.host, 0)) if loaded.settings.port == 0 else None
        settings = settled(loaded, address(early)[1] if early else None)
        metrics = Metrics()
        house = await stack.enter_async_context(open_house(settings, meter=metrics))
        metrics.level(SLOTS, settings.worker_slots)
        metrics.watch(IN_HAND, lambda: settings.worker_slots - house.engine.free())
        if worker:
            await stack.enter_async_context(house.working())
        listener = early or listen(settings.host, settings.port)
        face = answering(
            house.services,
            listener,
            hosts(settings),
            metrics=metrics,
            rate_limit=settings.rate_limit,
            public_url="" if settings.sign_in == "none" else settings.public_url,
        )
        await stack.enter_async_context(face)
        _ready(call, house, listener, worker=worker)
        await _welcome(call, house)
        await stop.wait()
    return Exit.DONE


async def _work(call: Call, loaded: Loaded) -> int:
    stop = asyncio.Event()
    with signals.caught(lambda: _told(call, stop)):
        async with open_house(settled(loaded)) as house, house.working():
            folder = str(house.settings.data_dir)
            call.out.done(f"Working on {folder}.", event="ready", data_dir=folder)
            await stop.wait()
    return Exit.DONE


def _ready(call: Call, house: House, listener: socket.socket, *, worker: bool) -> None:
    settings = house.settings
    url, port = address(listener)
    what = "answers and publishes" if worker else "answers (and publishes nothing: --no-worker)"
    call.out.done(
        f"Playout {what}: {url}", event="ready", url=url, port=port, public_url=settings.public_url, worker=worker
    )
    warn_about(call.out, settings)
    if not house.ports.platforms:
        call.out.warn(
            "No platform is set up yet: give Playout the keys of your app there, such as PLAYOUT_TIKTOK_CLIENT_KEY and "
            "_SECRET. `playout doctor` lists what each platform needs."
        )


async def _welcome(call: Call, house: House) -> None:
    """The link by which the first person comes, until somebody has."""
    link = await house.services.membership.first_link() if house.settings.sign_in != "none" else None
    if link:
        url = f"{house.settings.public_url.rstrip('/')}{link.reveal()}"
        call.out.done(f"Nobody owns it yet. Make your account here: {url}", event="first_owner", url=url)


def _told(call: Call, stop: asyncio.Event) -> None:
    stop.set()
    call.out.say(f"Stopping: what is in hand is finished first ({GRACE:.0f} s at most). A second signal stops at once.")
