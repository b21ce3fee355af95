"""Signed addresses as whoever pulls a video meets them: what S3 serves, and what it refuses."""

from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from playout.media.buckets import ObjectFiles
from playout.media.s3 import open_s3
from tests.aws import AwsServer
from tests.media.guarded import Guarded, guarded
from tests.media.sigv4 import signature
from tests.media.stage import KEY, stream

HOUR = timedelta(hours=1)
CONTENT = bytes(range(256)) * 16


@pytest.fixture
async def s3(aws_server: AwsServer) -> AsyncIterator[Guarded]:
    async with guarded(aws_server.url) as proxy:
        yield proxy


@pytest.fixture
async def files(s3: Guarded, aws_server: AwsServer) -> ObjectFiles:
    files = open_s3(f"s3://{aws_server.bucket()}/playout?region=eu-central-1&endpoint={s3.url}")
    await files.put(KEY, stream(CONTENT), limit=len(CONTENT))
    return files


@pytest.fixture
async def address(s3: Guarded, files: ObjectFiles) -> str:
    """Signed for an hour, at what is now to the bucket."""
    signed = await files.signed_url(KEY, HOUR)
    assert signed is not None
    s3.now = signed_at(signed)
    return signed


def signed_at(address: str) -> datetime:
    said = parse_qs(urlsplit(address).query)["X-Amz-Date"][0]
    return datetime.strptime(said, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)


async def asked(method: str, address: str, **headers: str) -> httpx.Response:
    async with httpx.AsyncClient() as anybody:
        return await anybody.request(method, address, headers=headers)


def test_our_reading_of_the_manual_signs_the_example_of_the_manual() -> None:
    address = (
        "/test.txt?X-Amz-Algorithm=AWS4-HMAC-SHA256"
        "&X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F20130524%2Fus-east-1%2Fs3%2Faws4_request"
        "&X-Amz-Date=20130524T000000Z&X-Amz-Expires=86400&X-Amz-SignedHeaders=host"
    )

    signed = signature("GET", address, "examplebucket.s3.amazonaws.com", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY")

    assert signed == "aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404"


async def test_a_signed_address_gives_the_bytes_to_anybody(address: str) -> None:
    answer = await asked("GET", address)

    assert answer.status_code == 200
    assert answer.content == CONTENT
    assert answer.headers["Content-Type"] == "video/mp4"


async def test_it_gives_a_range(address: str) -> None:
    answer = await asked("GET", address, Range="bytes=100-299")

    assert answer.status_code == 206
    assert answer.headers["Content-Range"] == f"bytes 100-299/{len(CONTENT)}"
    assert answer.content == CONTENT[100:300]


@pytest.mark.parametrize("method", ["HEAD", "PUT", "DELETE"])
async def test_it_is_good_for_no_other_method(files: ObjectFiles, address: str, method: str) -> None:
    answer = await asked(method, address)

    assert answer.status_code == 403
    assert method == "HEAD" or "SignatureDoesNotMatch" in answer.text
    assert await files.size(KEY) == len(CONTENT)


async def test_it_lives_to_the_last_second_and_no_longer(s3: Guarded, address: str) -> None:
    s3.now = signed_at(address) + HOUR
    assert (await asked("GET", address)).status_code == 200

    s3.now = signed_at(address) + HOUR + timedelta(seconds=1)
    refused = await asked("GET", address)

    assert refused.status_code == 403
    assert "AccessDenied" in refused.text


async def test_the_longest_lifetime_there_is_can_be_had(s3: Guarded, files: ObjectFiles) -> None:
    signed = await files.signed_url(KEY, timedelta(days=7)) or ""

    s3.now = signed_at(signed) + timedelta(days=7)
    assert (await asked("GET", signed)).content == CONTENT


@pytest.mark.parametrize("lifetime", [timedelta(0), timedelta(milliseconds=999), timedelta(days=7, seconds=1)])
async def test_a_lifetime_that_s3_does_not_grant_is_refused_before_it_is_signed(
    files: ObjectFiles, lifetime: timedelta
) -> None:
    with pytest.raises(ValueError, match="1 second to 7 days"):
        await files.signed_url(KEY, lifetime)


def one_second_later(address: str) -> str:
    at = signed_at(address)
    return address.replace(f"{at:%Y%m%dT%H%M%SZ}", f"{at + timedelta(seconds=1):%Y%m%dT%H%M%SZ}")


CHANGES: dict[str, Callable[[str], str]] = {
    "key": lambda address: address.replace("w1/clip.mp4", "w2/clip.mp4"),
    "lifetime": lambda address: address.replace("X-Amz-Expires=3600", "X-Amz-Expires=3601"),
    "date": one_second_later,
    "region": lambda address: address.replace("eu-central-1", "us-east-1"),
    "signature": lambda address: address.replace("X-Amz-Signature=", "X-Amz-Signature=0"),
}


@pytest.mark.parametrize("what", CHANGES)
async def test_an_address_that_was_changed_gives_nothing(files: ObjectFiles, address: str, what: str) -> None:
    await files.copy(KEY, "videos/w2/clip.mp4")

    answer = await asked("GET", CHANGES[what](address))

    assert answer.status_code == 403
    assert "SignatureDoesNotMatch" in answer.text


async def test_keys_of_a_role_sign_too(monkeypatch: pytest.MonkeyPatch, s3: Guarded, address: str) -> None:
    monkeypatch.setenv("AWS_SESSION_TOKEN", "t/o+k=en")
    bucket = urlsplit(address).path.split("/")[1]
    by_role = open_s3(f"s3://{bucket}/playout?region=eu-central-1&endpoint={s3.url}")

    signed = await by_role.signed_url(KEY, HOUR) or ""

    s3.now = signed_at(signed)
    assert parse_qs(urlsplit(signed).query)["X-Amz-Security-Token"] == ["t/o+k=en"]
    assert (await asked("GET", signed)).content == CONTENT
