"""The sandbox seen as a whole: connect, upload in chunks, follow to the end, watch it in the feed."""

import hashlib

from tests.sandbox.app import ALICE, PUBLIC, App, upload_of


async def test_a_video_goes_from_consent_to_the_feed(app: App, clip: bytes) -> None:
    video = clip
    grant = await app.connect()
    token = grant["access_token"]
    assert (await app.creator_info(token)).data["creator_username"] == ALICE
    publish_id = await app.upload(token, video, title="First <light> & rain")
    published = await app.ended(publish_id)
    made_public = await app.noted(lambda entry: entry["effect"] == "made_public")
    assert (await app.status(token, publish_id)).data == {
        "status": "PUBLISH_COMPLETE",
        "publicaly_available_post_id": [int(made_public["post_id"])],
        "uploaded_bytes": len(video),
    }
    assert published["effect"] == "published"
    assert published["sha256"] == hashlib.sha256(video).hexdigest()
    assert published["privacy"] == PUBLIC
    page = (await app.send("GET", "/feed")).text
    assert "First &lt;light&gt; &amp; rain" in page
    assert f'src="/feed/video/{published["post_id"]}"' in page


async def test_chunks_add_up_to_the_video(app: App) -> None:
    await app.control("config", {"media_checks": False})
    token = await app.grant()
    video = bytes(range(256)) * 50_000
    begun = await app.init(token, source=upload_of(len(video), 5_300_000, 2))
    assert (await app.put(begun.data["upload_url"], video[:5_300_000], 0, len(video))).status == 206
    assert (await app.put(begun.data["upload_url"], video[5_300_000:], 5_300_000, len(video))).status == 201
    published = await app.ended(begun.data["publish_id"])
    assert published["sha256"] == hashlib.sha256(video).hexdigest()
    served = await app.send("GET", f"/feed/video/{published['post_id']}", headers={"Range": "bytes=0-3"})
    assert (served.status, served.headers["Content-Range"]) == (206, f"bytes 0-3/{len(video)}")


async def test_two_uploads_are_two_posts_in_the_ledger(app: App, clip: bytes) -> None:
    token = await app.grant()
    for _ in range(2):
        await app.ended(await app.upload(token, clip))
    assert len(await app.ledger("published")) == 2


async def test_an_init_without_bytes_publishes_nothing(app: App) -> None:
    token = await app.grant()
    begun = await app.init(token)
    assert (await app.status(token, begun.data["publish_id"])).data["status"] == "PROCESSING_UPLOAD"
    assert await app.ledger("published") == []


async def test_the_ledger_holds_no_secret(app: App, clip: bytes) -> None:
    grant = await app.connect()
    begun = await app.init(grant["access_token"], len(clip))
    await app.put(begun.data["upload_url"], clip)
    await app.ended(begun.data["publish_id"])
    ledger = str(await app.control("ledger"))
    upload_token = begun.data["upload_url"].rpartition("=")[2]
    assert not [s for s in (grant["access_token"], grant["refresh_token"], upload_token) if s in ledger]


async def test_requests_are_numbered_by_kind_and_the_control_api_does_not_count(app: App) -> None:
    token = await app.grant()
    await app.creator_info(token)
    await app.init(token)
    assert [(r["n"], r["kind"], r["method"], r["status"]) for r in await app.control("requests")] == [
        (1, "tiktok.creator_info", "POST", 200),
        (2, "tiktok.init", "POST", 200),
    ]


async def test_the_sink_takes_bytes_and_keeps_none(app: App) -> None:
    await app.control("config", {"sink": True})
    token = await app.grant()
    published = await app.ended(await app.upload(token, b"x" * 1_000_000))
    assert published["effect"] == "published"
    assert published["sha256"] is None
    assert "no bytes kept" in (await app.send("GET", "/feed")).text


async def test_an_unknown_setting_is_named(app: App) -> None:
    reply = await app.send("POST", "/_sandbox/config", json={"tiktok": {"audit": True}})
    assert reply.status == 400
    assert "'audit'" in reply.text


async def test_the_feed_of_a_new_sandbox_is_empty_and_loads_nothing_from_elsewhere(app: App) -> None:
    reply = await app.send("GET", "/feed")
    assert "Nothing is live yet" in reply.text
    assert "http" not in reply.text
    assert reply.headers["Content-Security-Policy"].startswith("default-src 'none'")


async def test_auto_consent_answers_without_a_page(app: App) -> None:
    await app.control("config", {"auto_consent": True})
    reply = await app.authorize()
    assert reply.status == 302
    assert (await app.exchange(reply.query["code"])).json["scope"].endswith("video.publish")
