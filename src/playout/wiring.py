"""The roof: the only place where Protocols meet classes, chosen by the scheme of an address.

A driver is loaded only when a setting asks for it; nothing else in the house imports inside a function.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, nullcontext
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from random import SystemRandom

from playout import __version__
from playout.application.clock import SystemClock
from playout.application.furnish import Hall, Ports, furnish
from playout.application.meter import Calls, NoMeter
from playout.application.people import HOME
from playout.application.planner import CHORE, DELIVERY, Planner
from playout.application.ports import Chore, Clock, Engine, Files, Handler, Platform, Probe, Render, Store, Vault
from playout.application.ports.files import Growing
from playout.application.ports.house import Meter
from playout.application.services import Services
from playout.application.tidying import TIDY
from playout.domain.errors import Misconfigured, Unavailable
from playout.egress.client import HttpsEgress
from playout.egress.rules import parse_allow
from playout.lock import folder_lock
from playout.passkeys import WebauthnPasskeys
from playout.passwords import Argon2Passwords
from playout.platforms.http import Http, Observer
from playout.settings import Settings

log = logging.getLogger(__name__)

#: How long a stop lets the steps in hand finish, in seconds.
GRACE = 20.0
#: As their settings begin.
PLATFORMS = frozenset({"tiktok", "youtube", "instagram", "facebook", "meta"})
#: How long a start waits for the file store, in seconds.
REACH = 8.0


@dataclass(frozen=True, slots=True)
class House:
    """Everything, put together. Nothing works in the background until `working`."""

    settings: Settings
    ports: Ports
    hall: Hall
    engine: Engine
    planner: Planner

    @property
    def services(self) -> Services:
        """What a face is handed."""
        return self.hall.services

    @property
    def store(self) -> Store:
        """Where the records are."""
        return self.ports.store

    @asynccontextmanager
    async def working(self) -> AsyncIterator[None]:
        """Publishes what is due while the block runs. Raises Locked if another process does so on this database.

        Raises Unavailable where the file store does not answer: told at the start, and not by the first video.
        If the work itself breaks down, the block is cancelled and Unavailable raised: nobody must believe that posts
        go out while they do not.
        """
        embedded = self.settings.sqlite_path
        with folder_lock(embedded.parent) if embedded else nullcontext():
            await reached(self.ports.files)
            await self.store.chores.put(Chore(HOME, TIDY, "house", self.services.clock.now()))
            handlers: Mapping[str, Handler] = {DELIVERY: self.hall.deliver, CHORE: self.hall.chores}
            async with _beside(self.engine.run(handlers), self.planner.run(), self.hall.lateness.run()):
                try:
                    yield
                finally:
                    await self.engine.stop(GRACE)


async def reached(files: Files) -> None:
    """Asks the file store for nothing. Raises Unavailable where it does not answer in time, or refuses."""
    try:
        async with asyncio.timeout(REACH):
            async for _ in files.list("doctor/"):  # where nothing stays
                pass
    except TimeoutError:
        raise Unavailable("The file store is silent. Check FILES_URL and the network.", code="storage_broken") from None


@asynccontextmanager
async def _beside(*works: Coroutine[None, None, None]) -> AsyncIterator[None]:
    """Runs these beside the block, and ends them with it. If one breaks down the block is cancelled: Unavailable."""
    block = asyncio.current_task()
    broken: list[BaseException] = []

    def watch(task: asyncio.Task[None]) -> None:
        error = None if task.cancelled() else task.exception()
        if error and block:
            log.error("worker.broke_down", exc_info=error)
            broken.append(error)
            block.cancel()

    tasks = [asyncio.create_task(work) for work in works]
    for task in tasks:
        task.add_done_callback(watch)
    try:
        yield
    except asyncio.CancelledError:
        if not broken:
            raise
        msg = "The worker broke down; what was in hand goes on after a restart. The log says why."
        raise Unavailable(msg, code="worker_broke_down") from broken[0]
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)


@asynccontextmanager
async def open_house(
    settings: Settings,
    *,
    clock: Clock | None = None,
    observer: Observer | None = None,
    meter: Meter | None = None,
    around_store: Callable[[Store], Store] = lambda store: store,
    platforms: Mapping[str, Platform] | None = None,
) -> AsyncIterator[House]:
    """Builds the house, brings the store up to date, and closes everything at the end.

    The keyword arguments are for those who test it: another clock, a listener on every call, a wrapper around the
    store, other platforms.
    """
    clock, meter = clock or SystemClock(), meter or NoMeter()
    random = SystemRandom()
    _make_folder(settings)
    async with AsyncExitStack() as stack:
        store = around_store(_store(settings))
        stack.push_async_callback(store.close)
        await store.prepare()
        http = await stack.enter_async_context(
            Http(user_agent=f"Playout/{__version__}", observer=observer or Calls(meter, _bases(settings)))
        )
        vault = await asyncio.to_thread(_vault, settings, clock)
        files = _files(settings)
        growing = _growing(files)
        engine = await _engine(settings)
        stack.push_async_callback(engine.stop, 0)
        ports = Ports(
            store=store,
            files=files,
            growing=growing,
            probe=_probe(files),
            render=_render(files, settings),
            egress=await stack.enter_async_context(_egress(settings)),
            vault=vault,
            passwords=Argon2Passwords(),
            passkeys=WebauthnPasskeys(settings.public_url),
            platforms=_platforms(settings, http) if platforms is None else platforms,
            clock=clock,
            random=random,
            meter=meter,
        )
        hall = furnish(
            ports,
            public_url=settings.public_url,
            most_bytes=settings.most_video_bytes,
            pull_base=settings.pull_url_base,
            upload_lifetime=timedelta(hours=settings.upload_hours),
        )
        await hall.services.people.prepare()
        yield House(settings, ports, hall, engine, Planner(store, engine, clock, random, meter))


def _make_folder(settings: Settings) -> None:
    try:
        settings.data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as error:
        msg = f"The data folder {settings.data_dir} cannot be made: {error.strerror}. Set PLAYOUT_DATA_DIR."
        raise Misconfigured(msg) from error


def _store(settings: Settings) -> Store:
    if settings.database.startswith("dynamodb://"):
        from playout.storage.dynamodb import DynamoStore

        return DynamoStore(settings.database)

    from sqlalchemy import Connection

    def migrate(connection: Connection) -> None:
        from playout.storage.sql.migrate import migrate as bring_up_to_date  # Alembic is slow to load, rarely needed

        bring_up_to_date(connection)

    if settings.sqlite_path:
        from playout.storage.sql.sqlite import SqliteStore

        return SqliteStore(settings.sqlite_path, migrate=migrate)
    if settings.database.startswith(("postgresql://", "postgres://")):
        from playout.storage.sql.postgres import PostgresStore

        return PostgresStore(settings.database, migrate=migrate)
    raise _unknown("DATABASE_URL", settings.database, "sqlite:///…, postgresql://… or dynamodb://…")


def _files(settings: Settings) -> Files:
    if settings.files.startswith("s3://"):
        from playout.media.s3 import open_s3

        return open_s3(settings.files)

    from playout.media.files import open_files

    if settings.pull_url_base and not settings.files.startswith(("gs://", "az://")):
        msg = "PLAYOUT_PULL_URL_BASE stands before a bucket, and FILES_URL names none. Set both, or neither."
        raise Misconfigured(msg)
    return open_files(settings.files)


def _growing(files: Files) -> Growing:
    from playout.media.growing import growing_beside

    return growing_beside(files)


def _probe(files: Files) -> Probe:
    from playout.media.probe import WorkerProbe

    return WorkerProbe(files)


def _render(files: Files, settings: Settings) -> Render:
    from playout.media.render import WorkerRender

    return WorkerRender(files, folder=settings.data_dir)


async def _engine(settings: Settings) -> Engine:
    if settings.engine == "memory:":
        from playout.engines.memory import MemoryEngine

        return MemoryEngine(settings.worker_slots)
    if settings.engine.startswith(("postgresql://", "postgres://")):
        from playout.engines.postgres import PostgresEngine

        engine = PostgresEngine(settings.engine, settings.worker_slots)
        await engine.prepare()
        return engine
    raise _unknown("ENGINE_URL", settings.engine, "memory: or postgresql://…")


def _egress(settings: Settings) -> HttpsEgress:
    """What people's addresses are reached by; what of it is not public stands in the settings."""
    return HttpsEgress(user_agent=f"Playout/{__version__}", allow=tuple(parse_allow(settings.egress_allow)))


def _vault(settings: Settings, clock: Clock) -> Vault:
    from playout.vault import EnvelopeVault, load_or_make, parse_keys

    if settings.secret_keys:
        return EnvelopeVault(parse_keys(settings.secret_keys.reveal()))
    return EnvelopeVault(load_or_make(Path(settings.data_dir) / "secret.key", clock.now()))


def _platforms(settings: Settings, http: Http) -> dict[str, Platform]:
    """Adapters of the platforms that there are keys for."""
    made = (_tiktok(settings, http), _youtube(settings, http), _instagram(settings, http), _facebook(settings, http))
    return {one.name: one for one in made if one}


def _bases(settings: Settings) -> dict[str, str]:
    """Whom a call to an address is for, by the settings' own names: `tiktok_api_url` is TikTok's."""
    names = [name for name in Settings.model_fields if name.endswith("_url") and name.split("_")[0] in PLATFORMS]
    return {str(getattr(settings, name)): name.split("_")[0] for name in names}


def _tiktok(settings: Settings, http: Http) -> Platform | None:
    from playout.platforms.tiktok import TikTok

    if not (settings.tiktok_client_key and settings.tiktok_client_secret):
        return None
    return TikTok(
        http,
        client_key=settings.tiktok_client_key,
        client_secret=settings.tiktok_client_secret,
        www_url=settings.tiktok_www_url,
        api_url=settings.tiktok_api_url,
        transfer=settings.tiktok_transfer,
    )


def _youtube(settings: Settings, http: Http) -> Platform | None:
    from playout.platforms.youtube import YouTube

    if not (settings.youtube_client_id and settings.youtube_client_secret):
        return None
    return YouTube(
        http,
        client_id=settings.youtube_client_id,
        client_secret=settings.youtube_client_secret,
        accounts_url=settings.youtube_accounts_url,
        oauth_url=settings.youtube_oauth_url,
        api_url=settings.youtube_api_url,
    )


def _instagram(settings: Settings, http: Http) -> Platform | None:
    from playout.platforms.instagram import FacebookKeys, Instagram, InstagramKeys

    own = through_page = None
    if settings.instagram_client_id and settings.instagram_client_secret:
        own = InstagramKeys(
            client_id=settings.instagram_client_id,
            client_secret=settings.instagram_client_secret,
            www_url=settings.instagram_www_url,
            api_url=settings.instagram_api_url,
            graph_url=settings.instagram_graph_url,
        )
    if settings.facebook_client_id and settings.facebook_client_secret:
        through_page = FacebookKeys(
            client_id=settings.facebook_client_id,
            client_secret=settings.facebook_client_secret,
            www_url=settings.facebook_www_url,
            graph_url=settings.facebook_graph_url,
            rupload_url=settings.meta_rupload_url,
        )
    if not (own or through_page):
        return None
    return Instagram(http, instagram=own, facebook=through_page, version=settings.meta_graph_version)


def _facebook(settings: Settings, http: Http) -> Platform | None:
    from playout.platforms.facebook import Facebook

    if not (settings.facebook_client_id and settings.facebook_client_secret):
        return None
    return Facebook(
        http,
        client_id=settings.facebook_client_id,
        client_secret=settings.facebook_client_secret,
        www_url=settings.facebook_www_url,
        graph_url=settings.facebook_graph_url,
        rupload_url=settings.meta_rupload_url,
        version=settings.meta_graph_version,
    )


def _unknown(name: str, value: str, wanted: str) -> Misconfigured:
    scheme = value.partition(":")[0]
    return Misconfigured(f"PLAYOUT_{name} begins with “{scheme}:”, which is not known. Use {wanted}.")
