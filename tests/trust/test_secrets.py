"""A whole life of an installation, searched: no secret lies, is printed or is answered but where it belongs."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.aws import AwsServer
from tests.postgres import PostgresServer
from tests.trust.canaries import Canaries, Hit, Secret
from tests.trust.cloud import new_cloud
from tests.trust.databases import files_of, rows_of
from tests.trust.whole_run import Life, live

#: The one file that may hold the key-encryption key.
KEY_FILE = "data/secret.key"


def test_no_secret_leaks_on_sqlite(tmp_path: Path, clip: Path) -> None:
    life = live(tmp_path, clip)
    found = Canaries(life.secrets).search(life.machine.root)
    assert leaks(life, found) == set()


@pytest.mark.postgres
def test_no_secret_leaks_on_postgresql(tmp_path: Path, clip: Path, lone_server: PostgresServer) -> None:
    database = lone_server.new()
    life = live(tmp_path, clip, database)
    canaries = Canaries(life.secrets)
    found = canaries.search(life.machine.root) | canaries.hits(rows_of(database), "rows of the database")
    for file in files_of(database):
        found |= canaries.hits(file.read_bytes(), f"{file.parent.name}/{file.name}")
    assert leaks(life, found) == set()


def test_no_secret_leaks_on_dynamodb_and_s3(tmp_path: Path, clip: Path, aws_server: AwsServer) -> None:
    cloud = new_cloud(aws_server)
    life = live(tmp_path, clip, cloud=cloud)
    assert life.aws
    canaries = Canaries(life.secrets)
    found = canaries.search(life.machine.root) | canaries.hits(cloud.items(), "items of the table")
    for name, content in cloud.objects().items():
        found |= canaries.hits(name.encode(), f"the name {name}") | canaries.hits(content, name)
    found |= Canaries(but_for_aws(life.secrets)).hits(life.aws.wire.said(), "all that AWS was ever told")
    assert leaks(life, found) == set()


def but_for_aws(secrets: Mapping[str, Secret]) -> dict[str, Secret]:
    """A request to AWS is signed and shows the token of its role, also one that a platform was asked to send."""
    own = ("AWS_SESSION_TOKEN", "AWS's signature", "signature")
    assert all(any(name.startswith(one) for name in secrets) for one in own)
    return {name: secret for name, secret in secrets.items() if not name.startswith(own)}


def leaks(life: Life, found: set[Hit]) -> set[str]:
    """What was found beyond the places where it was handed out; those must have been searched too."""
    allowed = life.allowed | {(KEY_FILE, "key-encryption key")}
    assert {(hit.place, hit.secret) for hit in found} >= life.allowed
    assert len(life.secrets) >= 30
    return {f"{hit.secret} in {hit.place}, {hit.form}" for hit in found if (hit.place, hit.secret) not in allowed}
