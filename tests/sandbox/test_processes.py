"""What depends on how the sandbox was started: https pulls, restarts, a port that is taken."""

import datetime as dt
import ssl
import subprocess
import sys
from pathlib import Path

import aiohttp
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from tests.sandbox.app import App, pull_of
from tests.sandbox.other_side import other_side
from tests.sandbox.process import sandbox

DAY = dt.timedelta(days=1)


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    """A certificate for localhost that signs itself, with its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    start = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(start)
        .not_valid_after(start + 36_500 * DAY)
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    file = tmp_path / "localhost.pem"
    form = serialization.PrivateFormat.PKCS8
    private = key.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption())
    file.write_bytes(made.public_bytes(serialization.Encoding.PEM) + private)
    return file


@pytest.mark.parametrize("trusted", [True, False])
async def test_a_pull_over_https_needs_a_trusted_certificate(
    tmp_path: Path, certificate: Path, clip: bytes, *, trusted: bool
) -> None:
    tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    tls.load_cert_chain(certificate)
    options = ("--pull-root", str(certificate)) if trusted else ()
    with sandbox(tmp_path / "data", *options) as url:
        async with other_side(tls) as side, aiohttp.ClientSession() as client:
            side.video = clip
            app = App(client, url)
            await app.configure(verified_prefixes=[f"{side.url}/pull/"])
            begun = await app.init(await app.grant(), source=pull_of(f"{side.url}/pull/video"))
            effect = (await app.ended(begun.data["publish_id"]))["effect"]
    assert effect == ("published" if trusted else "failed")


async def test_the_ledger_survives_a_restart_and_a_torn_last_line(tmp_path: Path) -> None:
    async with aiohttp.ClientSession() as client:
        with sandbox(tmp_path) as url:
            await App(client, url).grant()
        ledger = tmp_path / "ledger.jsonl"
        ledger.write_text(ledger.read_text() + '{"seq": 2, "ef')
        with sandbox(tmp_path) as url:
            await App(client, url).grant()
            entries = await App(client, url).control("ledger")
    assert [(entry["seq"], entry["effect"]) for entry in entries] == [(1, "token_issued"), (2, "token_issued")]
    assert len(ledger.read_text().splitlines()) == 2


def test_a_port_that_is_taken_is_said_in_one_line(tmp_path: Path) -> None:
    with sandbox(tmp_path / "one") as url:
        command = [sys.executable, "-m", "playout_sandbox", "--data", str(tmp_path / "two"), "--port"]
        second = subprocess.run([*command, url.rpartition(":")[2]], capture_output=True, text=True, check=False)
    assert second.returncode == 1
    assert second.stderr.startswith("cannot listen on 127.0.0.1:")
    assert len(second.stderr.splitlines()) == 1
