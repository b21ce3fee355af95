"""Examples cannot go stale: what they set, make and allow is what the code knows, needs and asks for.

Terraform is read by regular expressions, which suits the plain way in which ours is written. No provider is loaded.
"""

import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import get_args

import pytest
from dotenv import dotenv_values

from playout.application.pulls import KEPT, ROOT
from playout.media.places import parse as bucket_of
from playout.settings import PREFIX, Settings, load
from playout.storage.dynamodb.actions import Action, Check
from playout.storage.dynamodb.address import parse as table_of
from playout.storage.dynamodb.schema import INDEXES
from tests.gates import tree

EXAMPLES = tree.ROOT / "examples"
AWS = EXAMPLES / "aws-tiktok"
SETTINGS = sorted(EXAMPLES.rglob("*.env"))
SECRETS = {"PLAYOUT_SECRET_KEYS_FILE": "k1:" + "QDovP1tdQDovP1tdQDovP1tdQDovP1tdQDovP1tdQDo="}

#: Rights that are not called as the operation is (AWS, "Actions, resources, and condition keys").
_CALLED = {"TransactGetItems": {"GetItem"}}
#: What only `playout migrate` asks for, and only where Terraform does not make the table.
MAKING = {"CreateTable", "UpdateTable", "UpdateTimeToLive"}
#: What S3 wants for what media/ calls (its user guide, "Required permissions for Amazon S3 API operations").
S3_RIGHTS = {
    "put_async": {"PutObject", "AbortMultipartUpload"},
    "copy_async": {"GetObject", "PutObject"},
    "get_async": {"GetObject"},
    "head_async": {"GetObject", "ListBucket"},  # with the second, 404 is said of what is not there
    "sign_async": {"GetObject"},
    "delete_async": {"DeleteObject"},
    "list": {"ListBucket"},
    "list_multipart_uploads": {"ListBucketMultipartUploads"},
    "abort_multipart_upload": {"AbortMultipartUpload"},
}


def files_of_examples() -> list[Path]:
    return [path for path in tree.files() if path.is_relative_to(EXAMPLES)]


def test_there_is_something_to_look_at() -> None:
    assert [path.name for path in SETTINGS] == ["playout.env"]


# ── settings ─────────────────────────────────────────────────────────────────────────────────────


def test_every_setting_that_an_example_names_exists() -> None:
    named = {
        (tree.name_of(path), name)
        for path in files_of_examples()
        for name in re.findall(r"\bPLAYOUT_[A-Z0-9_]*[A-Z0-9]", path.read_text(encoding="utf-8"))
    }
    known = {PREFIX + name.upper() for name in Settings.model_fields}

    assert named
    assert [one for one in sorted(named) if one[1].removesuffix("_FILE") not in known] == []


@pytest.mark.parametrize("whole", [False, True], ids=["as it is", "with what is commented out"])
@pytest.mark.parametrize("path", SETTINGS, ids=tree.name_of)
def test_settings_of_an_example_can_be_read(path: Path, tmp_path: Path, *, whole: bool) -> None:
    assert read_in(path, tmp_path, whole=whole).secret_keys


def test_the_address_of_the_table_and_the_one_of_the_bucket_are_understood(tmp_path: Path) -> None:
    settings = read_in(AWS / "playout.env", tmp_path, whole=True)

    assert table_of(settings.database).table == default_of("table")
    assert table_of(settings.database).region == default_of("region")
    assert bucket_of(settings.files).prefix == default_of("files_prefix")
    assert bucket_of(settings.files).virtual, "what is signed has to be the host that CloudFront sends"


# ── the table ────────────────────────────────────────────────────────────────────────────────────


def test_terraform_makes_the_indexes_that_the_store_reads() -> None:
    made = {
        one["name"]: (one["hash_key"], one["range_key"], one["projection_type"], one.get("non_key_attributes", []))
        for one in blocks("global_secondary_index")
    }
    read = {
        name: (f"{name}_pk", sort, "INCLUDE" if carried else "KEYS_ONLY", list(carried))
        for name, (sort, carried) in INDEXES.items()
    }

    assert made == read


def test_terraform_declares_the_keys_and_nothing_else() -> None:
    keys = {"PK", "SK", *(f"{name}_pk" for name in INDEXES), *(sort for sort, _ in INDEXES.values())}

    assert sorted((one["name"], one["type"]) for one in blocks("attribute")) == [(key, "S") for key in sorted(keys)]


def test_the_table_expires_by_the_attribute_that_the_store_writes() -> None:
    assert blocks("ttl") == [{"attribute_name": "ttl", "enabled": True}]


# ── rights ───────────────────────────────────────────────────────────────────────────────────────


def test_the_role_may_ask_dynamodb_for_what_the_store_asks_and_no_more() -> None:
    asked = {right for name in asked_of_dynamodb() for right in rights_for(name)}

    assert rights("dynamodb") == asked - MAKING
    assert asked >= MAKING


def test_the_readme_says_what_making_the_table_needs_besides() -> None:
    line = re.findall(r"^    (dynamodb:.+)$", (AWS / "README.md").read_text(encoding="utf-8"), re.MULTILINE)

    assert [set(one.replace("dynamodb:", "").split(", ")) for one in line] == [MAKING]


def test_the_role_may_ask_s3_for_what_the_file_store_asks_and_no_more() -> None:
    called = {name for path in (tree.ROOT / "src/playout/media").glob("*.py") for name in asked_of_s3(path)}

    assert rights("s3") == set().union(*(S3_RIGHTS[name] for name in called))


# ── the bucket ───────────────────────────────────────────────────────────────────────────────────


def test_only_copies_for_platforms_expire_and_not_before_an_attempt_is_over() -> None:
    prefixes = re.findall(r'^\s+prefix\s*= "(.*)"$', main_tf(), re.MULTILINE)
    days = re.findall(r"expiration \{\s+days = (\d+)", main_tf())

    assert prefixes == ["${var.files_prefix}/" + ROOT]
    assert [int(one) > KEPT.days for one in days] == [True]


# ── Terraform itself ─────────────────────────────────────────────────────────────────────────────


def test_terraform_is_written_as_terraform_writes_it() -> None:
    terraform = shutil.which("terraform")
    if terraform is None:
        pytest.skip("terraform is not installed here: nothing else knows how it would write its files")

    told = subprocess.run(
        [terraform, "fmt", "-check", "-diff", "-recursive", EXAMPLES], capture_output=True, text=True, check=False
    )

    assert told.returncode == 0, told.stdout


def test_no_example_names_a_registry() -> None:
    word = "registry." + "terraform"

    assert [tree.name_of(path) for path in files_of_examples() if word in path.read_text(encoding="utf-8")] == []


# ── reading ──────────────────────────────────────────────────────────────────────────────────────


def read_in(path: Path, folder: Path, *, whole: bool) -> Settings:
    """As a process would have it, with secrets and a data folder of this test."""
    text = path.read_text(encoding="utf-8")
    copy = folder / "copy.env"
    copy.write_text(re.sub(r"^#(?=PLAYOUT_)", "", text, flags=re.MULTILINE) if whole else text)
    names = {name: value or "" for name, value in dotenv_values(copy).items()}
    for name in [name for name in names if name.endswith("_FILE")]:
        secret = folder / name
        secret.write_text(SECRETS.get(name, "alice@:/?[]"))
        names[name] = str(secret)
    return load(names | {"PLAYOUT_DATA_DIR": str(folder)}, folder, {}).settings


def main_tf() -> str:
    return (AWS / "main.tf").read_text(encoding="utf-8")


def blocks(kind: str) -> list[dict[str, object]]:
    """Those of the table: two blanks before them, plain values in them."""
    bodies = re.findall(rf"^  {kind} \{{\n(.*?)^  \}}", main_tf(), re.MULTILINE | re.DOTALL)
    return [
        {name: json.loads(value) for name, value in re.findall(r"^ +(\w+) += (.+)$", body, re.MULTILINE)}
        for body in bodies
    ]


def default_of(variable: str) -> str:
    text = (AWS / "variables.tf").read_text(encoding="utf-8")
    found = re.search(rf'^variable "{variable}" \{{.*?^  default +=  *"(.*?)"$', text, re.MULTILINE | re.DOTALL)
    assert found is not None
    return found[1]


def rights(service: str) -> set[str]:
    """What the role may do: names of actions begin with a capital, those of conditions do not."""
    return set(re.findall(rf'"{service}:([A-Z]\w+)"', main_tf()))


def asked_of_dynamodb() -> set[str]:
    sources = [path.read_text(encoding="utf-8") for path in (tree.ROOT / "src/playout/storage/dynamodb").glob("*.py")]
    found = [name for text in sources for name in re.findall(r'\.ask\(\s*"(\w+)"', text)]
    calls = sum(len(re.findall(r"\.ask\(", text)) for text in sources)

    assert len(found) == calls > 0, "a call whose operation does not stand there cannot be compared"
    return set(found)


def rights_for(called: str) -> set[str]:
    operation = "".join(word.capitalize() for word in called.split("_"))
    if operation == "TransactWriteItems":
        return {f"{'ConditionCheck' if kind is Check else kind.__name__}Item" for kind in get_args(Action)}
    return _CALLED.get(operation, {operation})


def asked_of_s3(path: Path) -> Iterator[str]:
    text = path.read_text(encoding="utf-8")
    yield from re.findall(r"\bobstore\.([a-z_]+)\(", text)
    yield from (name for name in re.findall(r"\bclient\.([a-z_]+)\(", text) if name != "get_paginator")
    yield from re.findall(r'\bget_paginator\(\s*"(\w+)"', text)
