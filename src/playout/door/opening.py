"""Opens the house for a verb: settings, log, the house itself, and its address."""

import contextlib
import logging
import os
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from io import TextIOWrapper
from pathlib import Path
from urllib.parse import urlsplit

from playout import logs, wiring
from playout.application.services import Services
from playout.cli.desk import Call, Flags, House
from playout.cli.exits import Exit
from playout.cli.later import later
from playout.cli.output import Out
from playout.domain.errors import PlayoutError
from playout.door import signals
from playout.door.listening import Taken, listen
from playout.settings import Loaded, Settings, current

log = logging.getLogger(__name__)

_answering: Callable[..., AbstractAsyncContextManager[None]] = later("playout.door.answering:answering")

LOG = "errors.log"
_EVERYWHERE = {"0.0.0.0", "::", ""}  # noqa: S104 -- compared with, not listened on


@dataclass(frozen=True, slots=True)
class OpenHouse:
    """The house as a verb sees it."""

    house: wiring.House

    @property
    def services(self) -> Services:
        return self.house.services

    def working(self) -> AbstractAsyncContextManager[None]:
        return self.house.working()

    @asynccontextmanager
    async def answering(self) -> AsyncIterator[str]:
        settings = self.house.settings
        port = settings.port or urlsplit(settings.public_url).port or 0
        try:
            listener = listen(settings.host, port)
        except Taken:
            yield settings.public_url  # a server runs already
        else:
            async with _answering(self.services, listener, hosts(settings)):
                yield settings.public_url


def enter(flags: Flags, use: Callable[[House], Awaitable[int]], *, debug: bool) -> int:
    """Runs `use` in the open house. Raises PlayoutError, Interrupted."""
    settings = settled(current(flags))
    quiet_logs(settings.data_dir, debug=debug)

    async def within() -> int:
        async with wiring.open_house(settings) as house:
            return await use(OpenHouse(house))

    return signals.run(within(), lambda: None)


def settled(loaded: Loaded, port: int | None = None) -> Settings:
    """The settings; a public address that nobody set is the one we listen on."""
    settings = loaded.settings
    port = settings.port if port is None else port
    if loaded.origins.get("public_url") or not port:
        return settings
    host = "127.0.0.1" if settings.host in _EVERYWHERE else settings.host
    named = f"[{host}]" if ":" in host else host
    return settings.model_copy(update={"public_url": f"http://{named}:{port}"})


def hosts(settings: Settings) -> frozenset[str]:
    """The names that the server answers to."""
    further = {one.strip() for one in settings.allowed_hosts.split(",")}
    public = urlsplit(settings.public_url).hostname or ""
    listening = {settings.host} - _EVERYWHERE
    return frozenset({public, *further, *listening} - {""})


def config(call: Call) -> int:
    """Prints all settings."""
    rows = [{"name": name, "value": value, "origin": origin} for name, value, origin in current(call.flags).rows()]
    call.out.records(rows, (("name", "name"), ("origin", "origin"), ("value", "value")))
    return Exit.DONE


# ── the log ──────────────────────────────────────────────────────────────────────────────────────


class Private(logging.FileHandler):
    """A log that only its owner can read, made when there is something to say."""

    def _open(self) -> TextIOWrapper:
        handle = os.open(self.baseFilename, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
        return os.fdopen(handle, "a", encoding="utf-8", errors="backslashreplace")


def quiet_logs(folder: Path, *, debug: bool) -> None:
    """A verb speaks for itself: what the log has to say goes to a file, unless it is asked for."""
    logs.setup(level="debug" if debug else "warning", form="text")
    if not debug:
        root = logging.getLogger()
        kept = Private(folder / LOG, delay=True)
        kept.setFormatter(root.handlers[0].formatter)
        root.handlers[:] = [kept]


def note(flags: Flags, bug: BaseException) -> str:
    """Writes a mistake of ours to the log of the data folder, or of the temporary one; says where."""
    folder = Path(tempfile.gettempdir())
    with contextlib.suppress(PlayoutError):
        configured = current(flags).settings.data_dir
        folder = configured if os.access(configured, os.W_OK) else folder
    try:
        quiet_logs(folder, debug=False)
    except OSError:  # a log of somebody else, or a folder of that name
        folder = Path(tempfile.mkdtemp(prefix="playout-"))
        quiet_logs(folder, debug=False)
    log.error("cli.mistake", exc_info=bug)
    return str(folder / LOG)


def warn_about(out: Out, settings: Settings) -> None:
    """Settings that work and are risky."""
    loopback = settings.host in {"127.0.0.1", "::1", "localhost"}
    if not loopback and not settings.public_url.startswith("https://"):
        out.warn(
            f"It listens on {settings.host} without https: tokens and videos can be read on the way. Put a proxy with "
            "https before it and set PLAYOUT_PUBLIC_URL to its address, or listen on 127.0.0.1."
        )
    for why in fetched_from_us(settings):
        if not settings.pulled_from.startswith("https://"):
            out.warn(f"{why}: videos are fetched from {settings.pulled_from} then, which has to begin with https://.")


def fetched_from_us(settings: Settings) -> list[str]:
    """Why platforms fetch videos, if any does."""
    pulls = {
        "PLAYOUT_TIKTOK_TRANSFER is pull": settings.tiktok_transfer == "pull",
        "Instagram Login is set up": bool(settings.instagram_client_id),
    }
    return [why for why, pulled in pulls.items() if pulled]
