"""Rows 27-30: pulling from an address of the app."""

import hashlib
from collections.abc import AsyncIterator

import pytest

from tests.sandbox.app import App, pull_of
from tests.sandbox.other_side import OtherSide, other_side


@pytest.fixture
async def side(app: App, clip: bytes) -> AsyncIterator[OtherSide]:
    """A server whose /pull/ is verified."""
    async with other_side() as side:
        side.video = clip
        await app.control("config", {"pull_insecure": True})
        await app.configure(verified_prefixes=[f"{side.url}/pull/"])
        yield side


async def test_a_pulled_video_is_published(app: App, side: OtherSide) -> None:
    token = await app.grant()
    begun = await app.init(token, source=pull_of(f"{side.url}/pull/video"))
    assert set(begun.data) == {"publish_id"}
    assert begun.data["publish_id"].startswith("v_pub_url~v2.")
    published = await app.ended(begun.data["publish_id"])
    assert published["effect"] == "published"
    assert published["sha256"] == hashlib.sha256(side.video).hexdigest()
    data = (await app.status(token, begun.data["publish_id"])).data
    assert (data["status"], data["downloaded_bytes"]) == ("PUBLISH_COMPLETE", len(side.video))
    assert side.pulled == ["video"]


@pytest.mark.parametrize(
    "url",
    [
        "https://elsewhere.example/v.mp4",
        "https://verified.example.evil.example/v.mp4",
        "https://notverified.example/v.mp4",
        "https://verified.example@elsewhere.example/v.mp4",
        "https://verified.example:8443/v.mp4",
        "https://host.example/folder/../v.mp4",
        "https://host.example/folder2/v.mp4",
        "https://host.example/v.mp4",
    ],
)
async def test_row_27_the_address_must_be_the_apps_own(app: App, url: str) -> None:
    await app.configure(verified_prefixes=["verified.example", "https://host.example/folder/"])
    reply = await app.init(await app.grant(), source=pull_of(url))
    assert reply.refusal == (403, "url_ownership_unverified")


@pytest.mark.parametrize(
    "url",
    [
        "https://verified.example/v.mp4",
        "https://cdn.verified.example/a/v.mp4",
        "https://host.example/folder/v.mp4?signature=1",
    ],
)
async def test_row_27_a_domain_covers_all_below_it_and_a_prefix_what_it_starts(app: App, url: str) -> None:
    await app.control("config", {"pull_delay": 3600})  # nothing is fetched while the test runs
    await app.configure(verified_prefixes=["verified.example", "https://host.example/folder/"])
    assert (await app.init(await app.grant(), source=pull_of(url))).code == "ok"


@pytest.mark.parametrize(
    "url",
    ["http://verified.example/v.mp4", "https://10.0.0.1/v.mp4", "https://[::1]/v.mp4", "https://2130706433/v.mp4"],
)
async def test_row_28_http_and_ip_addresses_are_refused(app: App, url: str) -> None:
    await app.configure(verified_prefixes=["verified.example", "10.0.0.1", "::1", "2130706433"])
    reply = await app.init(await app.grant(), source=pull_of(url))
    assert reply.refusal == (403, "url_ownership_unverified")


@pytest.mark.parametrize("name", ["moved", "gone", "cut"])
async def test_row_29_a_redirect_is_not_followed_and_nothing_is_asked_for_twice(
    app: App, side: OtherSide, name: str
) -> None:
    token = await app.grant()
    begun = await app.init(token, source=pull_of(f"{side.url}/pull/{name}"))
    assert begun.code == "ok"
    assert (await app.ended(begun.data["publish_id"]))["reason"] == "video_pull_failed"
    data = (await app.status(token, begun.data["publish_id"])).data
    assert (data["status"], data["fail_reason"]) == ("FAILED", "video_pull_failed")
    assert side.pulled == [name]


async def test_row_30_a_pull_may_last_an_hour(app: App, side: OtherSide) -> None:
    token = await app.grant()
    publish_id = (await app.init(token, source=pull_of(f"{side.url}/pull/slow"))).data["publish_id"]
    await side.asked.wait()
    await app.pass_time(3590)
    assert (await app.status(token, publish_id)).data["status"] == "PROCESSING_DOWNLOAD"
    await app.pass_time(20)
    assert (await app.ended(publish_id))["reason"] == "video_pull_failed"


async def test_row_30_a_server_that_cannot_be_reached_fails_the_pull(app: App) -> None:
    await app.control("config", {"pull_insecure": True})
    await app.configure(verified_prefixes=["http://127.0.0.1:9/pull/"])
    begun = await app.init(await app.grant(), source=pull_of("http://127.0.0.1:9/pull/video"))
    assert (await app.ended(begun.data["publish_id"]))["reason"] == "video_pull_failed"


async def test_photos_are_pulled_and_published(app: App, side: OtherSide) -> None:
    side.video = b"\xff\xd8\xff\xe0 the rest of a JPEG"
    body = {
        "media_type": "PHOTO",
        "post_mode": "DIRECT_POST",
        "post_info": {"privacy_level": "PUBLIC_TO_EVERYONE", "title": "two photos"},
        "source_info": {
            "source": "PULL_FROM_URL",
            "photo_images": [f"{side.url}/pull/video", f"{side.url}/pull/video2"],
            "photo_cover_index": 1,
        },
    }
    begun = await app.call("post/publish/content/init/", await app.grant(), body)
    assert begun.data["publish_id"].startswith("p_pub_url~v2.")
    assert (await app.ended(begun.data["publish_id"]))["effect"] == "published"
    assert side.pulled == ["video", "video2"]


async def test_photos_that_are_none_fail(app: App, side: OtherSide) -> None:
    body = {
        "media_type": "PHOTO",
        "post_mode": "MEDIA_UPLOAD",
        "post_info": {},
        "source_info": {
            "source": "PULL_FROM_URL",
            "photo_images": [f"{side.url}/pull/gone"],
            "photo_cover_index": 0,
        },
    }
    begun = await app.call("post/publish/content/init/", await app.grant(), body)
    assert begun.data["publish_id"].startswith("p_inbox_url~v2.")
    assert (await app.ended(begun.data["publish_id"]))["reason"] == "photo_pull_failed"
