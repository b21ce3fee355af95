"""The whole life of an installation, good days and bad, with a secret in every place where one belongs.

`live` goes through it with real processes. What it gives is the list of all secrets: those it planted itself, and
those that the tap saw go over the line.
"""

import base64
import re
import secrets
import shutil
import signal
import sqlite3
from contextlib import ExitStack, closing
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import parse_qs, quote, urlsplit

import psycopg

from tests.trust.canaries import KEY, Secret
from tests.trust.cloud import Cloud, new_keys
from tests.trust.machine import Machine, Serving
from tests.trust.other_side import OtherSide, other_side
from tests.trust.talk import API, Talk
from tests.trust.waiting import until
from tests.trust.wire import Wire, tapped

OTHER = {"LOG_LEVEL": "debug"}
MISTAKES = Path(__file__).with_name("mistakes.py")
CREATORS = ("alice.films", "bob.at.home", "charlie.cooks")


def planted(word: str) -> str:
    """A secret with letters that are escaped somewhere, and chance at both ends."""
    return f"{secrets.token_hex(8)}@:/?[]&{word}+{secrets.token_hex(8)}"


@dataclass
class Life:
    """An installation, and what it must keep to itself."""

    machine: Machine
    there: OtherSide
    wire: Wire
    clip: Path
    embedded: bool  # SQLite, with the failures that take seconds to get over; once is enough for what no database sees
    aws: "Aws | None" = None
    secrets: dict[str, Secret] = field(default_factory=dict)
    allowed: set[tuple[str, str]] = field(default_factory=set)  # (place, secret): where it was handed out, once
    channels: list[str] = field(default_factory=list)
    users: list[Talk] = field(default_factory=list)

    def secret(self, name: str, value: str | None = None) -> str:
        """Plants one."""
        self.secrets[name] = value = value or planted(name.replace(" ", "-"))
        return value

    def user(self, serving: Serving) -> Talk:
        self.users.append(Talk(serving.url, str(self.secrets["token"]), self.machine.root / "answers"))
        return self.users[-1]

    def keep(self, moment: str) -> None:
        """What lies in the data folder now, to be searched too: the next start tidies up."""
        without_key = shutil.ignore_patterns("secret.key")
        shutil.copytree(self.machine.data, self.machine.root / moment, ignore=without_key)
        if self.aws:
            (self.machine.root / moment / "table").write_bytes(self.aws.cloud.items())

    def half_a_file(self) -> bool:
        """Whether one was begun to be kept."""
        if self.aws:
            return bool(self.aws.cloud.unfinished())
        return any((self.machine.data / "files" / ".partial").iterdir())

    def over(self) -> "Life":
        """With the secrets that went over the line, and those in the addresses of sign-ins."""
        for place, address in (one for user in self.users for one in user.invitations):
            name = f"state {len(self.secrets)}"
            self.secret(name, parse_qs(urlsplit(address).query)["state"][0])
            self.allowed.add((place, name))
        self.secrets |= {name: secret for name, secret in self.wire.secrets().items() if len(secret) >= KEY}
        if self.aws:
            signed = self.aws.wire.secrets().items()
            self.secrets |= {f"AWS's {name}": secret for name, secret in signed if name.startswith("signature")}
        return self


@dataclass(frozen=True, slots=True)
class Aws:
    """DynamoDB and S3, behind a tap."""

    cloud: Cloud
    wire: Wire


def live(folder: Path, clip: Path, database_url: str = "", cloud: Cloud | None = None) -> Life:
    """From the first start to the last error. `database_url` and `cloud` empty: SQLite in the data folder."""
    client_secret = planted("client-secret")
    with ExitStack() as stack:
        there = stack.enter_context(
            other_side(folder / "sandbox", client_secret=client_secret, processing_seconds=0.1, moderation_seconds=0.1)
        )
        wire = stack.enter_context(tapped(there.url))
        aws = Aws(cloud, stack.enter_context(tapped(cloud.url))) if cloud else None
        machine, embedded = Machine(folder / "machine"), not (database_url or cloud)
        life = Life(machine, there, wire, clip, embedded, aws, {"client secret": client_secret})
        life.machine.connected_to(wire.url, client_secret)
        if aws:
            _aws_keys(life, aws)
        _keys(life, database_url)
        _first_day(life)
        _pulled_and_refused(life)
        _wrong_client_secret(life)
        _mistakes(life)
        if life.embedded or life.aws:
            _words(life)
        _damaged(life, database_url)
        return life.over()


def _aws_keys(life: Life, aws: Aws) -> None:
    """They stand in the environment, as AWS's own tools find them."""
    life.machine.outside |= new_keys()
    for name in ("AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"):
        life.secret(name, life.machine.outside[name])
    url = aws.wire.url
    life.machine.settings |= {"DATABASE_URL": aws.cloud.database_url(url), "FILES_URL": aws.cloud.files_url(url)}


def _keys(life: Life, database_url: str) -> None:
    """On many machines the key comes from the settings, so that no file may hold it; on SQLite it lies in its file."""
    if database_url:
        password = life.secret("database password", secrets.token_urlsafe(24))
        life.machine.settings["DATABASE_URL"] = database_url.replace("postgres@", f"postgres:{password}@", 1)
    if not life.embedded:
        raw = secrets.token_bytes(32)
        life.secrets["key-encryption key"] = raw
        life.machine.settings["SECRET_KEYS"] = f"k1:{base64.b64encode(raw).decode()}"
    password = life.secret("owner's password")
    made = life.machine.run("owner", "create", "--email", "alice@home.example", "--password-stdin", given=password)
    assert made.code == 0, made.err
    minted = life.machine.run(
        "token", "create", "--name", "canary", "--scopes", "read,write,publish,admin", settings=OTHER
    )
    life.allowed.add((f"{minted.place}.out", "token"))
    life.secret("token", minted.out.strip())
    if life.embedded:
        kept = (life.machine.data / "secret.key").read_text()
        life.secrets["key-encryption key"] = base64.b64decode(re.findall(r"^[^#\s:]+:(\S+)$", kept, re.MULTILINE)[0])


# ── the first day: everything once, and every kind of refusal ────────────────────────────────────


def _first_day(life: Life) -> None:
    with life.machine.serving(settings=OTHER) as serving:
        user = life.user(serving)
        _refused_sign_ins(life, user)
        for creator in CREATORS:
            life.there.control("config", {"tiktok": {"consent_creator": creator}})
            life.channels.append(user.connect())
        _idempotent_secrets(life, user)
        _refused_requests(life, user)
        _failing_questions(life, user)
        _failing_deliveries(life, user)
        _killed(life, user, serving)


def _refused_sign_ins(life: Life, user: Talk) -> None:
    bogus, strange = life.secret("code that is none"), life.secret("state that is none")
    for query, status in (
        (f"state={_state(user)}&code={quote(bogus, safe='')}", 409),
        (f"state={_state(user)}&error=access_denied&error_description=no", 422),
        (f"state={quote(strange, safe='')}&code={quote(bogus, safe='')}", 403),
    ):
        callback = "/connect/tiktok/callback"
        answer = user.ask("GET", f"{callback}?{query}", about=f"callback {status}")
        assert answer.status == status, answer.body
        again = user.ask("GET", f"{callback}?{query}", about=f"callback {status} again")
        assert again.status == 403, again.body


def _state(user: Talk) -> str:
    """The one-time state of a sign-in; the answer that hands it out is not kept for its key."""
    address = user.invitation(**{"Idempotency-Key": "the same each time"})
    return parse_qs(urlsplit(address).query)["state"][0]


def _idempotent_secrets(life: Life, user: Talk) -> None:
    wanted = {"name": "shown once", "scopes": ["read"]}
    for status in (201, 409):
        answer = user.ask("POST", f"{API}/tokens", wanted, headers={"Idempotency-Key": "a token"})
        assert answer.status == status, answer.body
        if status == 201:
            life.secret("second token", answer.json["token"])
            life.allowed.add((answer.place, "second token"))


def _refused_requests(life: Life, user: Talk) -> None:
    wrong = f"po_{secrets.token_urlsafe(32)}"
    life.secret("wrong token", wrong)
    nonce = life.secret("strange nonce", secrets.token_hex(16))
    stranger = Talk(user.url, wrong, life.machine.root / "answers")
    token = user.token
    for who, method, path, body, status in (
        (stranger, "GET", f"{API}/me", None, 401),
        (stranger, "GET", f"/api/v1/me?access_token={token}", None, 401),
        (user, "GET", f"{API}/channels?cursor={token}", None, 422),
        (user, "POST", f"{API}/posts", {"video_id": "vid_x", "caption": "", "secret": wrong}, 422),
        (user, "POST", f"{API}/posts", b'{"caption": "' + wrong.encode(), 415),
        (user, "POST", "/hooks/tiktok", {"client_key": "sandbox-client-key", "event": "x", "content": wrong}, 403),
        (user, "GET", f"/pull/{nonce}.mp4", None, 404),
        (user, "GET", f"{API}/{wrong}", None, 404),
        (user, "DELETE", f"{API}/tokens/{wrong}", None, 404),
    ):
        answer = who.ask(method, path, body, about=f"refused {status}")
        assert answer.status == status, (path, answer.status, answer.body)


def _failing_questions(life: Life, user: Talk) -> None:
    """The platform's answers go wrong; one of them quotes the token it was asked with."""
    bearer = next(secret for secret in life.wire.secrets().values() if secret.startswith("act."))
    echo = f'{{"error": {{"code": "internal_error", "message": "Authorization: Bearer {bearer}"}}}}'
    for action, more in (
        ("html", {}),
        ("malformed", {}),
        ("renamed", {}),
        ("half_body", {}),
        ("reset_before", {}),
        ("status", {"status": 500, "body": echo}),
        ("status", {"status": 401, "body": echo.replace("internal_error", bearer)}),
        ("status", {"status": 403, "body": f"<html>{bearer}</html>"}),
    ):
        life.there.fault("creator_info", action, **more)
        answer = user.ask("GET", f"{API}/channels/{life.channels[0]}/options", about=f"platform {action}")
        assert answer.status in {200, 409, 502, 503}, answer.body


def _failing_deliveries(life: Life, user: Talk) -> None:
    """Three at once; each meets a failure of its own on the way and is published in the end."""
    life.there.control("faults", method="DELETE")
    if life.embedded:
        life.there.fault("init", "html")
        life.there.fault("upload", "reset_after")
        life.there.fault("status", "half_body")
    video = user.take_in(life.clip)
    deliveries = [user.post(video, channel) for channel in life.channels]
    ends = [user.settled(one)["state"] for one in deliveries]
    assert ends == ["published"] * len(ends)
    for one in deliveries:
        user.api("GET", f"/deliveries/{one}/events")


def _killed(life: Life, user: Talk, serving: Serving) -> None:
    """In the middle of an upload, with a file half taken in beside it."""
    life.there.fault("upload", "stall", seconds=20)
    uploads = life.there.requests("upload")
    user.post(user.take_in(life.clip), life.channels[0])
    life.there.asked("upload", uploads + 1)
    with user.half_a_file(life.clip):
        until(life.half_a_file, "half a file")
        user.invitation()
        serving.end(signal.SIGKILL)
    life.keep("after the kill")
    life.there.control("faults", method="DELETE")


# ── the bad days ─────────────────────────────────────────────────────────────────────────────────


def _pulled_and_refused(life: Life) -> None:
    pulled = {"TIKTOK_TRANSFER": "pull"} | ({"PULL_URL_BASE": life.aws.wire.url} if life.aws else {})
    with life.machine.serving(settings={**OTHER, **pulled}) as serving:
        base = pulled.get("PULL_URL_BASE", serving.url)
        life.there.control("config", {"tiktok": {"verified_prefixes": [f"{base}/"]}})
        user = life.user(serving)
        video = user.take_in(life.clip)
        assert user.settled(user.post(video, life.channels[1]))["state"] == "published"
        if life.embedded:
            life.there.fault("init", "reset_after")  # its address is withdrawn, and another one offered
        lost = user.post(video, life.channels[1])
        life.there.control("tiktok/disconnect", {"creator": CREATORS[2]})
        held = user.settled(user.post(video, life.channels[2]))
        assert held["state"] == "held", held
        assert user.api("GET", f"/channels/{life.channels[2]}")["state"] == "needs_reconnect"
        assert user.settled(lost)["state"] in {"published", "unconfirmed"}
        user.invitation()
        serving.end(signal.SIGABRT)  # the interpreter's own crash report goes to stderr
        assert "Fatal Python error: Aborted" in serving.told()
    life.keep("after the crash")


def _wrong_client_secret(life: Life) -> None:
    wrong = life.secret("wrong client secret")
    settings = {**OTHER, "LOG_FORMAT": "json", "TIKTOK_CLIENT_SECRET": wrong}
    with life.machine.serving("--no-worker", settings=settings) as serving:
        user = life.user(serving)
        page = urlsplit(user.invitation())
        back = urlsplit(Talk(life.wire.url, "").ask("GET", f"{page.path}?{page.query}").headers["location"])
        answer = user.ask("GET", f"{back.path}?{back.query}", about="callback, wrong client secret")
        assert answer.status == 503, answer.body
        user.post(user.take_in(life.clip, until_known=False), life.channels[1])  # for the process with a mistake in it


def _mistakes(life: Life) -> None:
    """What our own mistakes leave behind."""
    fallen = life.machine.python(str(MISTAKES), "text" if life.embedded else "json")
    assert "nobody catches this" in fallen.err, fallen.err
    assert "delivery.mistake" in fallen.err, fallen.err


def _words(life: Life) -> None:
    """What the command line says on a bad day."""
    doctor = life.machine.run("doctor", "--all")
    assert doctor.out, doctor.err
    options = life.machine.run("channels", "options", life.channels[2], "--json", "--debug")
    assert options.code == 4, options.err
    unknown = life.machine.run("publish", str(life.clip), "--to", "nobody", "--json")
    assert unknown.code in {1, 2}, unknown.err


def _damaged(life: Life, database_url: str) -> None:
    """A record that cannot be read is a mistake that no code of ours expects."""
    config = life.machine.run("config")
    assert "PLAYOUT_TIKTOK_CLIENT_SECRET" in config.out, config.err
    if life.aws:
        life.aws.cloud.damage()
    else:
        _damage(database_url, life.machine.data / "playout.db")
    quiet = life.machine.run("channels", "list")
    assert (quiet.code, quiet.err.count("\n")) == (1, 1), quiet.err
    assert "Traceback" in life.machine.run("channels", "list", "--debug").err


def _damage(database_url: str, file: Path) -> None:
    statement = "UPDATE channels SET scopes = 'nonsense'"
    if database_url:
        with psycopg.connect(database_url, autocommit=True) as connection:
            connection.execute(statement.encode())
    else:
        with closing(sqlite3.connect(file, isolation_level=None)) as database:
            database.execute(statement)
