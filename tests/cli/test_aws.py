"""The program on DynamoDB and S3: its table made, what the doctor sees there, and two machines that share the work."""

import asyncio
import base64
import json
import secrets
import signal
from pathlib import Path
from typing import Any

import pytest
from botocore.session import get_session

from playout.domain.delivery import JsonValue
from tests.aws import CREDENTIALS, AwsServer
from tests.cli.bench import Bench, Ended, fetch, message
from tests.cli.conftest import connect
from tests.trust.bad_aws import refusing
from tests.trust.talk import Talk

KEYS = f"k1:{base64.b64encode(secrets.token_bytes(32)).decode()}"
PUBLIC = "PUBLIC_TO_EVERYONE"


@pytest.fixture
def cloud(wired: Bench, aws_server: AwsServer, dynamodb_url: str, monkeypatch: pytest.MonkeyPatch) -> Bench:
    """A command line on a table that is not there yet and a new bucket; nothing that lasts is in its folder."""
    bucket = f"s3://{aws_server.bucket()}/videos?region=eu-central-1&endpoint={aws_server.url}"
    wired.settings |= {
        **CREDENTIALS,
        "PLAYOUT_DATABASE_URL": dynamodb_url,
        "PLAYOUT_FILES_URL": bucket,
        "PLAYOUT_SECRET_KEYS": KEYS,
    }
    for name, value in wired.settings.items():
        monkeypatch.setenv(name, value)
    return wired


def found(done: Ended, check: str) -> dict[str, JsonValue]:
    [one] = [one for one in done.objects if one["check"] == check]
    return one


# ── the table ────────────────────────────────────────────────────────────────────────────────────


def test_migrating_makes_the_table_and_says_so_and_again_is_fine(
    cloud: Bench, aws_server: AwsServer, dynamodb_url: str
) -> None:
    first = cloud("migrate")
    made = described(aws_server, dynamodb_url)
    second = cloud("migrate")

    assert (first.code, second.code) == (0, 0)
    assert "up to date" in first.err
    assert {one["IndexName"] for one in made["GlobalSecondaryIndexes"]} == {
        "due",
        "channel",
        "state",
        "planned",
        "named",
    }
    assert described(aws_server, dynamodb_url)["CreationDateTime"] == made["CreationDateTime"]


def described(server: AwsServer, database_url: str) -> Any:
    client = get_session().create_client("dynamodb", region_name="eu-central-1", endpoint_url=server.url)
    try:
        return client.describe_table(TableName=database_url.removeprefix("dynamodb://").partition("?")[0])["Table"]
    finally:
        client.close()


# ── the doctor ───────────────────────────────────────────────────────────────────────────────────


def test_the_doctor_finds_all_well_and_names_what_it_looked_at(cloud: Bench) -> None:
    asyncio.run(connect(cloud))

    done = cloud("doctor", "--all", "--json")

    assert done.code == 0, done.out
    assert {one["ok"] for one in done.objects} == {True}
    assert cloud.settings["PLAYOUT_DATABASE_URL"] in str(found(done, "database")["told"])
    assert cloud.settings["PLAYOUT_FILES_URL"] in str(found(done, "file store")["told"])
    assert "any number" in str(found(done, "worker")["told"])


def test_the_doctor_finds_a_bucket_that_is_not_there(cloud: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    url = cloud.settings["PLAYOUT_FILES_URL"].replace("s3://test-", "s3://nobody-s-")
    monkeypatch.setenv("PLAYOUT_FILES_URL", url)

    done = cloud("doctor", "--json")

    assert (done.code, [one["check"] for one in done.objects]) == (1, ["file store"])
    assert "no such bucket" in str(done.objects[0]["told"])


def test_the_doctor_finds_a_bucket_that_refuses_us(cloud: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    with refusing({"": (403, "AccessDenied")}) as url:
        monkeypatch.setenv("PLAYOUT_FILES_URL", f"s3://bucket/videos?region=eu-central-1&endpoint={url}")
        done = cloud("doctor", "--json")

    assert (done.code, [one["check"] for one in done.objects]) == (1, ["file store"])
    assert "its rights" in str(done.objects[0]["told"])


def test_the_doctor_finds_a_table_that_is_gone_and_may_not_be_made(
    cloud: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    refusals = {"DescribeTable": (400, "ResourceNotFoundException"), "": (400, "AccessDeniedException")}
    with refusing(refusals) as url:
        monkeypatch.setenv("PLAYOUT_DATABASE_URL", f"dynamodb://table-of-alice?region=eu-central-1&endpoint={url}")
        done = cloud("doctor", "--json")

    assert (done.code, [one["check"] for one in done.objects]) == (1, ["start"])
    assert "table-of-alice" in str(done.objects[0]["told"])


def test_the_doctor_finds_a_table_that_refuses_us(cloud: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    with refusing({"": (400, "AccessDeniedException")}) as url:
        monkeypatch.setenv("PLAYOUT_DATABASE_URL", f"dynamodb://table?region=eu-central-1&endpoint={url}")
        done = cloud("doctor", "--json")

    assert (done.code, [one["check"] for one in done.objects]) == (1, ["start"])
    assert "their rights" in str(done.objects[0]["told"])


@pytest.mark.parametrize("database", ["dynamodb_url", pytest.param("postgres_url", marks=pytest.mark.postgres)])
def test_the_doctor_warns_of_a_key_and_files_that_only_one_of_many_machines_has(
    cloud: Bench, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest, database: str
) -> None:
    monkeypatch.setenv("PLAYOUT_DATABASE_URL", request.getfixturevalue(database))
    monkeypatch.delenv("PLAYOUT_SECRET_KEYS")
    monkeypatch.delenv("PLAYOUT_FILES_URL")

    done = cloud("doctor", "--json")

    assert (done.code, {one["ok"] for one in done.objects}) == (0, {True})
    assert "PLAYOUT_SECRET_KEYS" in str(found(done, "key")["fix"])
    assert "PLAYOUT_FILES_URL" in str(found(done, "file store")["fix"])


@pytest.mark.postgres
def test_the_doctor_shows_no_password_of_the_database(
    cloud: Bench, monkeypatch: pytest.MonkeyPatch, postgres_url: str
) -> None:
    monkeypatch.setenv("PLAYOUT_DATABASE_URL", postgres_url.replace("postgres@", "postgres:p%40ssword@", 1))

    done = cloud("doctor", "--all", "--json")

    assert "postgres:***@" in str(found(done, "database")["told"])
    assert "ssword" not in done.out


# ── the work ─────────────────────────────────────────────────────────────────────────────────────


def test_one_machine_answers_and_another_publishes(cloud: Bench, tmp_path: Path, sandbox: str, clip: Path) -> None:
    other = Bench(tmp_path, cloud.capsys, cloud.settings | {"PLAYOUT_DATA_DIR": str(tmp_path / "other")})
    channel = asyncio.run(connect(cloud))
    token = cloud("token", "create", "--name", "alice", "--scopes", "read,write,publish").out.strip()
    with (
        cloud.running("serve", "--port", "0", "--no-worker", "--json") as serving,
        other.running("work", "--json") as working,
    ):
        alice = Talk(str(message(serving)["url"]), token)
        assert message(working)["event"] == "ready"
        destinations = [{"channel_id": channel, "options": {"privacy_level": PUBLIC}}]
        delivery = alice.settled(alice.post(alice.take_in(clip), channel, destinations=destinations))
        for process in (serving, working):
            process.send_signal(signal.SIGTERM)
        ends = [process.communicate(timeout=30) for process in (serving, working)]

    assert (delivery["state"], serving.returncode, working.returncode) == ("published", 0, 0), ends
    assert f"/video/{delivery['remote_id']}" in delivery["url"]
    assert len(json.loads(fetch(f"{sandbox}/_sandbox/ledger?effect=published"))) == 1
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_a_clip_is_published_from_the_command_line(cloud: Bench, clip: Path) -> None:
    asyncio.run(connect(cloud))

    done = cloud("publish", clip, "--to", "alice.films", "--option", f"privacy_level={PUBLIC}", "--json")

    [receipt] = done.objects
    assert (done.code, receipt["state"]) == (0, "published"), done.err
    assert f"/video/{receipt['remote_id']}" in str(receipt["url"])
    assert [path for path in cloud.folder.rglob("*") if path.is_file()] == []
