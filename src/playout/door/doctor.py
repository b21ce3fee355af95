"""`doctor`: looks for what is wrong, and says how to mend it. Changes nothing but what every start changes."""

import asyncio
import os
import shutil
import stat
import tempfile
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import playout
from playout.application.ports import Clock, Vault
from playout.cli.choose import pages
from playout.cli.desk import Call
from playout.cli.exits import Exit
from playout.cli.output import Record
from playout.domain.errors import Locked, PlayoutError
from playout.domain.ids import new_id
from playout.door import signals
from playout.door.opening import fetched_from_us, quiet_logs, settled
from playout.lock import folder_lock
from playout.media.clip import Clip, make_clip
from playout.media.files import open_files
from playout.media.probe import WorkerProbe
from playout.settings import Loaded, Settings, current
from playout.wiring import House, open_house, reached

LEAST_FREE = 2 * 1024**3  # bytes
#: Of every platform: the first half of its keys.
KEYS = ("TIKTOK_CLIENT_KEY", "YOUTUBE_CLIENT_ID", "INSTAGRAM_CLIENT_ID", "FACEBOOK_CLIENT_ID")
_SKEW = 5.0  # seconds between our clock and the file system's


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing looked at. `fix` None: it is well. Not `grave`: it works, and may fail one day."""

    name: str
    told: str
    fix: str | None = None
    grave: bool = True


def doctor(call: Call, *, everything: bool) -> int:
    """Prints what is wrong or may become so, with `everything` also what is well; exit code 1 if anything is wrong."""
    findings: list[Finding] = []
    try:
        loaded = current(call.flags)
        settings = settled(loaded)
    except PlayoutError as error:
        findings.append(Finding("settings", error.sentence, "Correct that setting; `playout config` lists them all."))
    else:
        quiet_logs(settings.data_dir, debug=call.debug)
        findings.append(Finding("settings", "all can be read"))
        signals.run(_examine(settings, _places(loaded), findings), lambda: None)
    return _tell(call, findings, everything=everything)


def _tell(call: Call, findings: Sequence[Finding], *, everything: bool) -> int:
    told = [one for one in findings if one.fix]
    wrong = [one for one in told if one.grave]
    for one in findings if everything else told:
        record: Record = {"check": one.name, "ok": one not in wrong, "told": one.told, "fix": one.fix}
        mend = f"\n    → {one.fix}" if one.fix else ""
        mark = "✗" if one in wrong else "!" if one.fix else "✓"
        call.out.record(record, f"{mark} {one.name}: {one.told}{mend}")
    if not told:
        call.out.done(f"All is well: {len(findings)} checks.")
    return Exit.FAILED if wrong else Exit.DONE


@dataclass(frozen=True, slots=True)
class _Places:
    """Addresses, without the passwords in them."""

    database: str
    files: str


def _places(loaded: Loaded) -> _Places:
    settings, shown = loaded.settings, {name: value for name, value, _ in loaded.rows()}
    return _Places(shown["PLAYOUT_DATABASE_URL"] or settings.database, shown["PLAYOUT_FILES_URL"] or settings.files)


async def _examine(settings: Settings, places: _Places, findings: list[Finding]) -> int:
    try:
        async with open_house(settings) as house:
            findings += [_folder(settings), _disk(settings), _clock(settings, house.services.clock)]
            findings += [
                await _database(house, places),
                await _files(house, places),
                _key_file(settings),
                await _keys(house),
            ]
            findings += [*_platforms(house), *_webhooks(house), _public_url(settings), _worker(settings)]
    except PlayoutError as error:
        findings.append(Finding("start", error.sentence, "Nothing can be started before this is mended."))
    findings.append(await _video())
    return Exit.DONE


def _folder(settings: Settings) -> Finding:
    folder = settings.data_dir
    open_to_others = [
        path.name or str(path)
        for path in (folder, *(one for one in folder.iterdir() if one.suffix in {".db", ".key"}))
        if stat.S_IMODE(path.stat().st_mode) & 0o077
    ]
    if not os.access(folder, os.W_OK):
        return Finding(
            "data folder", f"{folder} cannot be written", "Let this user write there, or set PLAYOUT_DATA_DIR."
        )
    if open_to_others:
        fix = f"chmod -R go-rwx {folder}"
        return Finding("data folder", f"others on this machine can read {', '.join(open_to_others)}", fix)
    return Finding("data folder", f"{folder} is writable and private")


def _disk(settings: Settings) -> Finding:
    free = shutil.disk_usage(settings.data_dir).free
    told = f"{free / 1024**3:.1f} GiB free"
    return Finding("disk", told, None if free >= LEAST_FREE else "Make room, or set another data folder.")


def _clock(settings: Settings, clock: Clock) -> Finding:
    """Against the file system's, and against the age of the program itself."""
    with tempfile.TemporaryFile(dir=settings.data_dir) as fresh:
        apart = abs(os.fstat(fresh.fileno()).st_mtime - clock.now().timestamp())
    made = Path(playout.__file__).stat().st_mtime
    told = f"{clock.now():%Y-%m-%d %H:%M:%S} UTC"
    well = apart < _SKEW and clock.now().timestamp() >= made
    return Finding("clock", told, None if well else "Set the clock (timedatectl set-ntp true): posts go out by it.")


async def _database(house: House, places: _Places) -> Finding:
    try:
        await house.store.ping()
    except PlayoutError as error:
        return Finding("database", error.sentence, "Start it, or correct PLAYOUT_DATABASE_URL.")
    return Finding("database", f"{places.database} answers, and its schema is current")


async def _files(house: House, places: _Places) -> Finding:
    key, sent = f"doctor/{new_id('try', house.services.clock.now())}", b"doctor"

    async def once() -> AsyncIterator[bytes]:
        yield sent

    try:
        await reached(house.ports.files)
        await house.ports.files.put(key, once(), limit=len(sent))
        back = b"".join([piece async for piece in house.ports.files.read(key, 0, len(sent))])
        await house.ports.files.delete(key)
    except PlayoutError as error:
        return Finding("file store", error.sentence, "See PLAYOUT_FILES_URL, and whether it may be written.")
    if back != sent:
        fix = "See what stands between Playout and the file store."
        return Finding("file store", f"{places.files} gives back other bytes", fix)
    if _is_shared(house.settings) and house.settings.files.startswith("file:"):
        fix = "If other machines work on this database and cannot see that folder, set PLAYOUT_FILES_URL to a bucket."
        return Finding("file store", f"{places.files} is a folder", fix, grave=False)
    return Finding("file store", f"{places.files} takes, gives back and deletes")


def _key_file(settings: Settings) -> Finding:
    path = settings.data_dir / "secret.key"
    if settings.secret_keys:
        return Finding("key", "given by PLAYOUT_SECRET_KEYS")
    if stat.S_IMODE(path.stat().st_mode) & 0o077:
        return Finding("key", f"others on this machine can read {path}", f"chmod 600 {path}")
    if _is_shared(settings):
        fix = "Keep this key on every machine that works on this database: set PLAYOUT_SECRET_KEYS to what it holds."
        return Finding("key", f"{path} lies on this machine only", fix, grave=False)
    return Finding("key", f"{path} is private. Keep a copy of it elsewhere")


def _is_shared(settings: Settings) -> bool:
    """Whether several machines may work on this database."""
    return settings.sqlite_path is None


async def _keys(house: House) -> Finding:
    people = house.services.people
    actor = people.operator("cli")
    sealed = [one async for one in pages(lambda **page: house.services.channels.list(actor, **page)) if one.data_key]
    vault: Vault = house.ports.vault
    lost = [one.id for one in sealed if one.data_key and one.data_key.key_id not in vault.key_ids]
    if lost:
        fix = "Put the key they were sealed under back (PLAYOUT_SECRET_KEYS or secret.key), or reconnect them."
        return Finding("channels' keys", f"missing for {', '.join(lost)}", fix)
    return Finding("channels' keys", f"there for all {len(sealed)} connected channel(s)")


def _platforms(house: House) -> Sequence[Finding]:
    channels = house.services.channels
    known = [
        Finding(name, f"set up; its app must know the return address {channels.callback(name)}")
        for name in channels.configured()
    ]
    keys = ", or ".join(f"PLAYOUT_{one} and _SECRET" for one in KEYS)
    return known or [Finding("platforms", "none is set up", f"Set the keys of your app at a platform: {keys}.")]


def _webhooks(house: House) -> Sequence[Finding]:
    """Of use, but nobody has to: nothing waits for them alone."""
    return [
        Finding(
            f"{one.platform} webhooks",
            f"its app may register {one.url} with the verify token {one.verify_token.reveal()}",
        )
        for one in house.services.news.subscriptions()
    ]


def _public_url(settings: Settings) -> Finding:
    pulled = fetched_from_us(settings)
    if pulled and not settings.pulled_from.startswith("https://"):
        name = "PLAYOUT_PULL_URL_BASE" if settings.pull_url_base else "PLAYOUT_PUBLIC_URL"
        fix = f"Set {name} to an https address: {'; '.join(pulled)}."
        return Finding("public address", f"{settings.pulled_from}: platforms fetch from https only", fix)
    return Finding("public address", settings.public_url)


def _worker(settings: Settings) -> Finding:
    if settings.sqlite_path is None:
        return Finding("worker", "any number may work on this database")
    try:
        with folder_lock(settings.sqlite_path.parent):
            return Finding("worker", "nobody works on this folder right now")
    except Locked:
        return Finding("worker", "a Playout works on this folder")


async def _video() -> Finding:
    """Makes a clip and has it looked into, as every upload is."""
    try:
        with tempfile.TemporaryDirectory(prefix="playout-doctor-") as name:
            clip = Path(name) / "clip"
            await asyncio.to_thread(make_clip, clip, Clip(seconds=0.5, width=108, height=192))
            probed = await WorkerProbe(open_files(Path(name).as_uri())).probe("clip")
    except (PlayoutError, OSError, ValueError) as error:
        return Finding(
            "video", f"a clip could not be looked into: {error}", "Install Playout again: PyAV does not work."
        )
    return Finding("video", f"PyAV works: {probed.facts.video_codec}, {probed.facts.width}×{probed.facts.height}")
