"""DynamoDB and S3 that cannot serve: the start ends with one sentence that names the mend, and shows no secret."""

import asyncio
import os
import random
import socket
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from playout.storage.dynamodb import DynamoStore
from playout.storage.dynamodb.actions import Put
from playout.storage.dynamodb.items import under
from playout.storage.dynamodb.schema import SCHEMA_KEY
from playout.storage.dynamodb.values import number
from tests.aws import CREDENTIALS, AwsServer
from tests.cli.bench import Bench
from tests.storage.dynamo_house import HASTE
from tests.trust.bad_aws import Refusals, refusing
from tests.trust.machine import Machine, Ran

SECRET = "sEcReT/kEy+0123456789abcdef@:/?[]"
REGION = "region=eu-central-1"
TABLE = f"dynamodb://playout-settings?{REGION}"
BUCKET = f"s3://playout-settings/videos?{REGION}"
#: Seconds within which somebody at a terminal is told, on a busy machine; four tries of botocore's alone take 40.
PATIENCE = 30.0
WAIT = 60.0  # seconds for a process to come up; only ever used up by a failure


@pytest.fixture
def start(
    aws_server: AwsServer, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Iterator["Start"]:
    """`playout serve` with AWS keys that are known, in this process. botocore's waits between two tries are short."""
    for name in [one for one in os.environ if one.startswith(("PLAYOUT_", "AWS_"))]:
        monkeypatch.delenv(name)
    settings = {"PLAYOUT_DATA_DIR": str(tmp_path / "data"), "PLAYOUT_TIKTOK_CLIENT_SECRET": SECRET}
    for name, value in {**CREDENTIALS, "AWS_SECRET_ACCESS_KEY": SECRET, **settings}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(tmp_path)
    before = random.getstate()
    random.seed(HASTE)
    yield Start(Bench(tmp_path, capsys, settings), monkeypatch)
    random.setstate(before)


class Start:
    """One that must be refused."""

    def __init__(self, bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
        self._bench = bench
        self._monkeypatch = monkeypatch

    def refused(self, exit_code: int, *sentence: str, **settings: str) -> None:
        """In one line that is no traceback and shows no secret, nor does anything it left behind."""
        for name, value in settings.items():
            self._monkeypatch.setenv(f"PLAYOUT_{name}", value)
        done = self._bench("serve", "--port", "0")
        assert (done.code, done.out) == (exit_code, ""), done.err
        assert done.err.count("\n") == 1, done.err
        for words in sentence:
            assert words in done.err
        left = [path.read_text(errors="replace") for path in self._bench.folder.rglob("*") if path.is_file()]
        assert SECRET not in "".join([done.err, *left])


# ── addresses that are none ──────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("url", "said"),
    [
        (f"dynamodb://?{REGION}", "names no table"),
        (f"dynamodb:///?{REGION}", "names no table"),
        (f"dynamodb://ab?{REGION}", "names no table"),
        (f"dynamodb://vidéos?{REGION}", "names no table"),
        (f"dynamodb://videos:8000?{REGION}", "names no table"),
        (f"dynamodb://videos/path?{REGION}", "names no table"),
        (f"dynamodb://videos?{REGION}#part", "names no table"),
        (f"dynamodb://[videos?{REGION}", "names no table"),
        (f"dynamodb://AKIA:{SECRET}@videos?{REGION}", "names no table"),
        ("dynamodb://videos", "region"),
        ("dynamodb://videos?region=", "region"),
        ("dynamodb://videos?region=eu%20central", "region"),
        ("dynamodb://videos?region=eu/central", "region"),
        (f"dynamodb://videos?{REGION}&regoin=x", "“regoin”"),
        (f"dynamodb://videos?{REGION}&secret_access_key={SECRET}", "“secret_access_key”"),
        (f"dynamodb://videos?{REGION}&endpoint=", "endpoint"),
        (f"dynamodb://videos?{REGION}&endpoint=localhost:8000", "endpoint"),
        (f"dynamodb://videos?{REGION}&endpoint=nonsense", "endpoint"),
        (f"dynamodb://videos?{REGION}&endpoint=ftp://127.0.0.1", "endpoint"),
        (f"dynamodb://videos?{REGION}&endpoint=http://", "endpoint"),
        (f"dynamodb://videos?{REGION}&endpoint=http://a%20b", "endpoint"),
        (f"dynamodb://videos?{REGION}&endpoint=http://127.0.0.1:99999", "endpoint"),
        (f"dynamodb://videos?{REGION}&endpoint=http://[::1", "endpoint"),
        (f"dynamodb://videos?{REGION}&endpoint=http://AKIA:{SECRET}@127.0.0.1", "endpoint"),
    ],
)
def test_a_table_s_address_that_is_none_says_what_is_wrong(start: Start, url: str, said: str) -> None:
    start.refused(2, "PLAYOUT_DATABASE_URL", said, DATABASE_URL=url)


@pytest.mark.parametrize(
    ("url", "said"),
    [
        (f"s3://?{REGION}", "s3://BUCKET"),
        (f"s3:///videos?{REGION}", "s3://BUCKET"),
        (f"s3://b?{REGION}", "s3://BUCKET"),
        (f"s3://bucket/../videos?{REGION}", "s3://BUCKET"),
        (f"s3://bucket?{REGION}#part", "s3://BUCKET"),
        (f"s3://[bucket?{REGION}", "s3://BUCKET"),
        (f"s3://AKIA:{SECRET}@bucket?{REGION}", "s3://BUCKET"),
        ("s3://bucket", "region"),
        ("s3://bucket?region=", "region"),
        ("s3://bucket?region=eu%20central", "region"),
        ("s3://bucket?region=auto", "endpoint"),
        (f"s3://bucket?{REGION}&acl=public", "'acl'"),
        (f"s3://bucket?{REGION}&style=fancy", "virtual or path"),
        (f"s3://bucket?{REGION}&style=", "virtual or path"),
        (f"s3://bucket?{REGION}&endpoint=", "endpoint"),
        (f"s3://bucket?{REGION}&endpoint=localhost:9000", "endpoint"),
        (f"s3://bucket?{REGION}&endpoint=ftp://127.0.0.1", "endpoint"),
        (f"s3://bucket?{REGION}&endpoint=http://a%20b", "endpoint"),
        (f"s3://bucket?{REGION}&endpoint=http://127.0.0.1:99999", "endpoint"),
        (f"s3://bucket?{REGION}&endpoint=http://[::1", "endpoint"),
        (f"s3://bucket?{REGION}&endpoint=http://AKIA:{SECRET}@127.0.0.1", "endpoint"),
    ],
)
def test_a_bucket_s_address_that_is_none_says_what_is_wrong(start: Start, url: str, said: str) -> None:
    start.refused(2, "FILES_URL", said, FILES_URL=url)


@pytest.mark.parametrize(
    "base", ["cdn.example.com", "https://", "ftp://cdn.example.com", "https://cdn.example.com/?a=b"]
)
def test_a_base_of_pull_addresses_that_is_none_is_told(start: Start, base: str) -> None:
    start.refused(2, "PLAYOUT_PULL_URL_BASE", FILES_URL=BUCKET, PULL_URL_BASE=base)


def test_a_base_of_pull_addresses_wants_a_bucket_behind_it(start: Start) -> None:
    start.refused(2, "PLAYOUT_PULL_URL_BASE", "FILES_URL", PULL_URL_BASE="https://cdn.example.com")


def test_the_engine_is_no_table(start: Start, dynamodb_url: str) -> None:
    start.refused(2, "PLAYOUT_ENGINE_URL", DATABASE_URL=dynamodb_url, ENGINE_URL=TABLE)


# ── keys ─────────────────────────────────────────────────────────────────────────────────────────

NO_KEYS: Mapping[str, Mapping[str, str]] = {
    "none": {},
    "half of them": {"AWS_ACCESS_KEY_ID": "AKIA0123"},
    "a profile that is not there": {"AWS_PROFILE": "nobody"},
    "a file that is no file of keys": {"AWS_SHARED_CREDENTIALS_FILE": __file__},
    "a role with no token": {"AWS_ROLE_ARN": "arn:aws:iam::1:role/x", "AWS_WEB_IDENTITY_TOKEN_FILE": "/nowhere"},
}


@pytest.fixture(params=NO_KEYS)
def no_keys(request: pytest.FixtureRequest, start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    for name, value in NO_KEYS[request.param].items():
        monkeypatch.setenv(name, value)


def test_a_table_without_keys_says_where_they_belong(start: Start, no_keys: None, aws_server: AwsServer) -> None:
    start.refused(1, "Set AWS_ACCESS_KEY_ID", DATABASE_URL=f"{TABLE}&endpoint={aws_server.url}")


def test_a_bucket_without_keys_says_what_to_check(start: Start, no_keys: None, aws_server: AwsServer) -> None:
    start.refused(1, "Check the access key", FILES_URL=f"{BUCKET}&endpoint={aws_server.url}")


@pytest.mark.parametrize("code", ["UnrecognizedClientException", "InvalidSignatureException", "AccessDeniedException"])
def test_keys_that_a_table_refuses_are_told(start: Start, code: str) -> None:
    with refusing({"": (400, code)}) as url:
        start.refused(1, "Check the AWS keys", DATABASE_URL=f"{TABLE}&endpoint={url}")


@pytest.mark.parametrize("code", ["InvalidAccessKeyId", "SignatureDoesNotMatch", "AccessDenied"])
def test_keys_that_a_bucket_refuses_are_told(start: Start, code: str) -> None:
    with refusing({"": (403, code)}) as url:
        start.refused(1, "Check the access key", FILES_URL=f"{BUCKET}&endpoint={url}")


def test_a_table_that_is_not_there_and_may_not_be_made_is_named(start: Start) -> None:
    refusals: Refusals = {"DescribeTable": (400, "ResourceNotFoundException"), "": (400, "AccessDeniedException")}
    with refusing(refusals) as url:
        start.refused(
            1, "playout-settings", "may not make", "PLAYOUT_DATABASE_URL", DATABASE_URL=f"{TABLE}&endpoint={url}"
        )


def test_a_table_of_a_newer_playout_is_refused(start: Start, dynamodb_url: str) -> None:
    asyncio.run(marked(dynamodb_url, 9000))

    start.refused(1, "newer Playout", "9000", DATABASE_URL=dynamodb_url)


async def marked(url: str, revision: int) -> None:
    """A new table that this Playout made, and another one then."""
    store = DynamoStore(url)
    await store.prepare()
    await store._table.write(Put(under(SCHEMA_KEY, {"revision": number(revision)})))
    await store.close()


def test_a_bucket_that_is_not_there_is_told(start: Start, aws_server: AwsServer) -> None:
    start.refused(1, "no such bucket", "FILES_URL", FILES_URL=f"{BUCKET}&endpoint={aws_server.url}")


# ── somebody else, or nobody, at the endpoint ────────────────────────────────────────────────────


@pytest.mark.parametrize("status", [200, 302, 404])
def test_a_web_page_at_the_endpoint_of_a_table_is_told(start: Start, status: int) -> None:
    with refusing({"": (status, "<html>Welcome</html>")}) as url:
        start.refused(1, "no DynamoDB", "PLAYOUT_DATABASE_URL", DATABASE_URL=f"{TABLE}&endpoint={url}")


@pytest.mark.parametrize("status", [302, 404, 500])
def test_a_web_page_at_the_endpoint_of_a_bucket_is_told(start: Start, status: int) -> None:
    with refusing({"": (status, "<html>Welcome</html>")}) as url:
        start.refused(1, "FILES_URL", FILES_URL=f"{BUCKET}&endpoint={url}")


def test_a_table_whose_server_is_not_well_is_told(start: Start) -> None:
    with refusing({"": (500, "<html>Sorry</html>")}) as url:
        start.refused(1, "DynamoDB does not serve", DATABASE_URL=f"{TABLE}&endpoint={url}")


@pytest.fixture
def nobody() -> str:
    """Where nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return f"http://127.0.0.1:{listener.getsockname()[1]}"


def test_a_table_that_cannot_be_reached_is_told(start: Start, nobody: str) -> None:
    start.refused(1, "cannot be reached", "PLAYOUT_DATABASE_URL", DATABASE_URL=f"{TABLE}&endpoint={nobody}")


def test_a_bucket_that_cannot_be_reached_is_told(start: Start, nobody: str) -> None:
    start.refused(1, "FILES_URL", FILES_URL=f"{BUCKET}&endpoint={nobody}")


def test_a_silent_table_and_a_silent_bucket_are_told_in_time(tmp_path: Path, aws_server: AwsServer) -> None:
    with ThreadPoolExecutor() as threads:
        database = threads.submit(before_silence, tmp_path / "database", "DATABASE_URL", TABLE)
        files = threads.submit(before_silence, tmp_path / "files", "FILES_URL", BUCKET)

    for ran, seconds in (database.result(), files.result()):
        assert seconds < PATIENCE
        assert (ran.code, ran.out, ran.err.count("\n")) == (1, "", 1), ran.err
    assert "PLAYOUT_DATABASE_URL" in database.result()[0].err
    assert "FILES_URL" in files.result()[0].err


def before_silence(folder: Path, name: str, url: str) -> tuple[Ran, float]:
    """A start whose connection is taken and never answered, and how long it lasted from there."""
    with socket.create_server(("127.0.0.1", 0)) as listener, ThreadPoolExecutor() as thread:
        settings = {name: f"{url}&endpoint=http://127.0.0.1:{listener.getsockname()[1]}"}
        starting = thread.submit(Machine(folder).run, "serve", "--port", "0", settings=settings)
        listener.settimeout(WAIT)
        taken, _ = listener.accept()
        with taken:
            began = time.monotonic()
            return starting.result(), time.monotonic() - began
