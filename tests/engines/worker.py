"""A worker in a process of its own: `python -m tests.engines.worker ADDRESS GRACE`. Says what its handlers do.

A name that begins with `long` runs until it is cancelled, one with `short` until the worker is told to stop.
"""

import asyncio
import signal
import sys
from datetime import timedelta

from playout.engines.postgres import PostgresEngine


async def main(url: str, grace: float) -> None:
    engine = PostgresEngine(url, 4, heartbeat=timedelta(seconds=1))
    stopping = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stopping.set)

    async def handle(name: str) -> None:
        say(f"began {name}")
        if name.startswith("long"):
            await asyncio.Event().wait()
        elif name.startswith("short"):
            await stopping.wait()
        say(f"ended {name}")

    run = asyncio.create_task(engine.run({"delivery": handle}))
    say("ready")
    await stopping.wait()
    await engine.stop(grace)
    await run


def say(words: str) -> None:
    print(words, flush=True)  # noqa: T201 -- the test reads it


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], float(sys.argv[2])))
