"""What a Page, its owner and Facebook may refuse, against a real sandbox process."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from playout.domain.delivery import Receipt
from playout.domain.retry import Kind, PlatformFailure, Turn
from playout.platforms.http import Http
from tests.platforms.facebook_stage import OTHER_PAGE, Scene, connected, grant_of
from tests.sandbox.app import App
from tests.sandbox.clips import make_clip


@pytest.fixture
async def film(app: App, http: Http) -> Scene:
    return await connected(app, http)


async def lifted_after(film: Scene) -> tuple[PlatformFailure, timedelta]:
    """The refusal of the coming step, and how long it is to be waited for."""
    task = await film.task()
    with pytest.raises(PlatformFailure) as blocked:
        await film.platform.step(task)
    assert blocked.value.retry_at is not None
    return blocked.value, blocked.value.retry_at - task.now


# ── quotas and permissions ───────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("code", ["368/1390008", "368", "9"])
async def test_the_reel_over_the_limit_of_a_day_waits_for_hours(film: Scene, code: str) -> None:
    await film.configure(publish_limit=0, publish_limit_code=code)
    await film.until("finish")
    over, wait = await lifted_after(film)
    await film.configure(publish_limit=30)

    assert (over.kind, wait) == (Kind.LATER, timedelta(hours=3))
    assert isinstance(await film.to_the_end(), Receipt)
    assert await film.published() == 1


async def test_a_page_that_is_asked_too_often_says_when_it_may_be_asked_again(film: Scene) -> None:
    await film.configure(page_rate_limited=True, page_rate_minutes=7)
    await film.once()
    blocked, wait = await lifted_after(film)

    assert (blocked.kind, blocked.code, wait) == (Kind.LATER, "graph_80001", timedelta(minutes=7))


@pytest.mark.parametrize("code", ["4", "32"])
async def test_a_limit_of_unknown_length_waits_longer_each_time(film: Scene, code: str) -> None:
    await film.break_next("status", "facebook.reels_start", status=400, code=code, times=3)
    await film.once()
    waits = [(await lifted_after(film))[1] for _ in range(3)]

    assert waits == [timedelta(minutes=1), timedelta(minutes=2), timedelta(minutes=4)]
    assert isinstance(await film.to_the_end(), Receipt)


@pytest.mark.parametrize("step", ["start", "upload", "finish", "follow"])
async def test_an_app_that_was_removed_holds_the_delivery_wherever_it_is(film: Scene, step: str) -> None:
    await film.configure(processing_seconds=600)
    await film.until(step)
    await film.app.control("facebook/disconnect", {"creator": "alice"})

    failure = await film.refused()

    assert (failure.kind, failure.code, failure.turn) == (Kind.SIGN_IN, "graph_190_458", Turn.YOU)
    assert "removed" in failure.sentence
    assert not film.fenced


@pytest.mark.parametrize(
    ("settings", "code", "words"),
    [({"password_changed": True}, "graph_190_460", "password"), ({"role_lost": True}, "graph_190_492", "role")],
)
async def test_a_dead_token_says_what_killed_it(film: Scene, settings: dict[str, bool], code: str, words: str) -> None:
    await film.configure(**settings)

    failure = await film.refused()

    assert (failure.kind, failure.code) == (Kind.SIGN_IN, code)
    assert words in failure.sentence


async def test_a_token_made_from_a_short_one_ends_and_says_so(app: App, http: Http) -> None:
    film = await connected(app, http, life="short")
    await film.pass_time(timedelta(hours=2))

    failure = await film.refused()

    assert (failure.kind, failure.code) == (Kind.SIGN_IN, "graph_190_463")


async def test_a_permission_that_was_not_ticked_is_named(app: App, http: Http) -> None:
    film = await connected(app, http, scopes=["pages_show_list", "pages_read_engagement"])

    failure = await film.refused()

    assert (failure.kind, failure.code) == (Kind.SIGN_IN, "graph_200")
    assert "pages_manage_posts" in failure.sentence


async def test_a_reconnected_page_goes_on_where_it_was_held(film: Scene) -> None:
    await film.until("finish")
    await film.configure(password_changed=True)
    assert (await film.refused()).kind is Kind.SIGN_IN
    film.grant = await grant_of(film.app)

    assert isinstance(await film.to_the_end(), Receipt)
    assert film.taken.count("start") == 1
    assert await film.published() == 1


async def test_the_persons_own_token_does_not_publish_on_a_page(film: Scene) -> None:
    assert film.grant.refresh_token is not None
    film.grant = replace(film.grant, access_token=film.grant.refresh_token)

    assert (await film.refused()).kind is Kind.SIGN_IN


async def test_a_video_of_another_page_is_not_published_here(film: Scene) -> None:
    checkpoint = await film.until("finish")
    film.grant, film.page = await grant_of(film.app, OTHER_PAGE), OTHER_PAGE
    for _ in range(3):
        await film.once()
        assert film.coming is not None
        assert film.coming.checkpoint["video_id"] == checkpoint["video_id"]

    assert isinstance(await film.to_the_end(), Receipt)
    [entry] = await film.app.ledger("published")
    assert (entry["creator"], entry["post_id"] == checkpoint["video_id"]) == (OTHER_PAGE, False)


async def test_a_hiccup_of_the_graph_api_is_only_a_wait(film: Scene) -> None:
    await film.configure(transient=3)

    assert isinstance(await film.to_the_end(), Receipt)
    assert [failure.kind for failure in film.failures] == [Kind.AGAIN] * 3


CLIPS = {
    "too short": ({"width": 540, "height": 960, "seconds": 2}, "graph_1363128"),
    "too narrow": ({"width": 540, "height": 1280, "seconds": 3}, "graph_1363040"),
    "too small": ({"width": 360, "height": 640, "seconds": 3}, "graph_1363127"),
    "too slow": ({"width": 540, "height": 960, "seconds": 3, "fps": 10}, "graph_1363129"),
}


@pytest.mark.parametrize("on_finish", [False, True], ids=["in the status", "by finish"])
@pytest.mark.parametrize(("clip", "code"), CLIPS.values(), ids=list(CLIPS))
async def test_a_file_that_slipped_through_is_refused_with_the_sentence_of_its_rule(
    film: Scene, tmp_path: Path, clip: dict[str, Any], code: str, *, on_finish: bool
) -> None:
    film.data = make_clip(tmp_path / "clip.mp4", **clip)
    film.size = len(film.data)
    await film.app.control("config", {"sink": False, "media_checks": True})
    await film.configure(media_errors_on_finish=on_finish, processing_seconds=60)

    failure = await film.refused()

    assert (failure.kind, failure.turn) == (Kind.NEVER, Turn.YOU)
    assert failure.code == code
    assert "start" not in film.taken[1:]
    assert await film.published() == 0
