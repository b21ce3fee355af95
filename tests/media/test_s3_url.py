"""Which bucket an `s3://` address names, on which host it is asked, and what a wrong address is told."""

import asyncio
import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from playout.domain.errors import Misconfigured, Unavailable
from playout.media.s3 import open_s3
from tests.aws import CREDENTIALS
from tests.media.stage import KEY, stream

HOUR = timedelta(hours=1)
#: A program that hands out keys, others each time, for a minute.
GIVES_KEYS = """
echo x >> "$1"
times=$(wc -l < "$1")
until=$(date -u -d "+1 minute" +%Y-%m-%dT%H:%M:%SZ)
printf '{"Version": 1, "AccessKeyId": "id", "SecretAccessKey": "secret", '
printf '"SessionToken": "token-%d", "Expiration": "%s"}' "$times" "$until"
"""
R2 = "https://account.r2.cloudflarestorage.com"


@pytest.fixture(autouse=True)
def keys(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in CREDENTIALS.items():
        monkeypatch.setenv(name, value)


@pytest.mark.parametrize(
    ("url", "address"),
    [
        ("s3://clips?region=eu-central-1", f"https://clips.s3.eu-central-1.amazonaws.com/{KEY}"),
        ("s3://clips/a/b?region=us-east-1", f"https://clips.s3.us-east-1.amazonaws.com/a/b/{KEY}"),
        ("s3://clips/a/b/?region=us-east-1", f"https://clips.s3.us-east-1.amazonaws.com/a/b/{KEY}"),
        ("s3://clips?region=cn-north-1", f"https://clips.s3.cn-north-1.amazonaws.com.cn/{KEY}"),
        ("s3://my.clips?region=eu-central-1", f"https://s3.eu-central-1.amazonaws.com/my.clips/{KEY}"),
        ("s3://clips?region=eu-central-1&style=path", f"https://s3.eu-central-1.amazonaws.com/clips/{KEY}"),
        (f"s3://clips/a?region=auto&endpoint={R2}", f"{R2}/clips/a/{KEY}"),
        (f"s3://clips/a?region=auto&endpoint={R2}/", f"{R2}/clips/a/{KEY}"),
        ("s3://clips?region=x&endpoint=http://127.0.0.1:9000", f"http://127.0.0.1:9000/clips/{KEY}"),
        ("s3://clips?region=x&endpoint=https://s3.example&style=virtual", f"https://clips.s3.example/{KEY}"),
    ],
)
async def test_each_store_is_addressed_as_it_wants(url: str, address: str) -> None:
    signed = urlsplit(await open_s3(url).signed_url(KEY, HOUR) or "")

    assert f"{signed.scheme}://{signed.netloc}{signed.path}" == address


@pytest.mark.parametrize("name", ["AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT"])
async def test_the_address_counts_and_not_an_endpoint_of_the_environment(
    monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setenv(name, "http://127.0.0.1:9")

    signed = await open_s3("s3://clips?region=eu-central-1").signed_url(KEY, HOUR) or ""

    assert signed.startswith("https://clips.s3.eu-central-1.amazonaws.com/")


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("s3://bucket/prefix", "region"),
        ("s3://bucket/prefix?region=auto", "endpoint"),
        ("s3://bucket?region=x&endpoint=127.0.0.1:9000", "https://"),
        ("s3://bucket?region=x&style=dns", "virtual or path"),
        ("s3://bucket?region=x&secret_access_key=planted", "unknown option 'secret_access_key'"),
        ("s3://planted:planted@bucket?region=x", "not understood"),
        ("s3:///prefix?region=x", "not understood"),
        ("s3://bucket/../x?region=x", "not understood"),
        ("s3://bucket/a//b?region=x", "not understood"),
        ("s3://bucket/a b?region=x", "not understood"),
        ("s3://bucket/a?region=x#b", "not understood"),
    ],
)
def test_a_wrong_address_says_what_is_wrong(url: str, said: str) -> None:
    with pytest.raises(Misconfigured, match=said) as refused:
        open_s3(url)

    assert "\n" not in refused.value.sentence
    assert "planted" not in refused.value.sentence


async def test_keys_of_a_profile_that_expire_are_asked_for_anew(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    (tmp_path / "gives_keys").write_text(GIVES_KEYS)
    (tmp_path / "config").write_text(f"[default]\ncredential_process = sh {tmp_path}/gives_keys {tmp_path}/times\n")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    files = open_s3("s3://clips?region=eu-central-1")

    async with asyncio.timeout(30):
        while "Security-Token=token-3" not in (await files.signed_url(KEY, HOUR) or ""):
            await asyncio.sleep(0.05)


async def test_without_keys_nothing_is_signed_or_sent(monkeypatch: pytest.MonkeyPatch, unused_tcp_port: int) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    files = open_s3(f"s3://clips?region=eu-central-1&endpoint=http://127.0.0.1:{unused_tcp_port}")

    for asked in (
        files.signed_url(KEY, HOUR),
        files.size(KEY),
        files.put(KEY, stream(b"x"), limit=1),
        files.sweep(HOUR),
    ):
        with pytest.raises(Unavailable, match="or there are none") as refused:
            await asked
        assert refused.value.code == "storage_refused"


@pytest.mark.parametrize("program", ["import playout.media.files", "import runpy; runpy.run_module('playout')"])
def test_a_set_up_without_s3_does_not_load_its_client(program: str) -> None:
    said = subprocess.run(
        [sys.executable, "-X", "importtime", "-c", program, "--help"], capture_output=True, text=True, check=True
    )

    assert "playout" in said.stderr
    assert "botocore" not in said.stderr
