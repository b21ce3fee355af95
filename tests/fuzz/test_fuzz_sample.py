"""A short run of `python -m tests.fuzz`: in this process, without sockets, and the same requests each time."""

import asyncio

import schemathesis

from playout.api.app import create_app
from playout.application.posts import NewPost
from playout.domain.post import Destination
from tests.cast import CHOSEN, CLIP, Cast
from tests.fuzz.house import failed, unconfirmed
from tests.fuzz.known import Known
from tests.fuzz.run import DOCUMENT, Plan, Report, configuration, run

#: The host that schemathesis' client calls an application by.
HOST = "testserver"
PLAN = Plan(seed=20261120, examples=4, sequences=30, again=True)
LEAST_REQUESTS = 1500


def test_no_request_that_the_document_allows_or_forbids_is_answered_by_a_surprise() -> None:
    cast, known, token = asyncio.run(_furnished())
    app = create_app(cast.services, hosts=[HOST])
    report = Report()

    schema = schemathesis.openapi.from_asgi(DOCUMENT, app, config=configuration(known, PLAN, token))
    run(schema, known, PLAN, report)

    assert not report.findings, report.told()
    assert report.requests >= LEAST_REQUESTS
    assert not [status for status in report.statuses if status >= 500]


async def _furnished() -> tuple[Cast, Known, str]:
    """Alice's house, with something of everything in it, and a token with every scope."""
    cast = await Cast.open()
    alice, services = cast.alice, cast.services
    channels = [(await cast.channel(alice, name)).id for name in ("alice", "bob", "charlie")]
    videos = [(await cast.video(alice)).id for _ in range(3)]
    posts = [await cast.post(alice, draft=True), *[await cast.post(alice) for _ in range(4)]]
    await cast.saved(failed(posts[1].deliveries[0]))
    await cast.saved(unconfirmed(posts[2].deliveries[0], "send"))
    out = await services.posts.create(
        alice, NewPost(videos[0], "Out", (Destination(channels[0], options=CHOSEN),), scheduled_at=None)
    )
    await cast.work()
    posts.append(out)
    upload = await services.uploads.create(alice, len(CLIP), "clip.mp4")
    ids = {
        "channel_id": channels,
        "video_id": videos,
        "post_id": [one.post.id for one in posts],
        "delivery_id": [one.id for post in posts for one in post.deliveries],
        "upload_id": [upload.id],
    }
    token = await cast.token(alice)
    own = [one.id for one in await services.people.tokens(alice)]
    kept = frozenset([*own, *channels[:2], videos[0]])
    when = cast.clock.now().replace(month=12).isoformat()
    options = dict.fromkeys(channels[:2], CHOSEN)
    return cast, Known(ids, options, when, CLIP, elsewhere="clips.example", kept=kept), token
