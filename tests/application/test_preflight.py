"""What is said of a post before it is made, beside the others of its workspace: permissions, ends, caps, duplicates."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from playout.application.posts import NewPost, as_new
from playout.application.shown import Shown
from playout.domain.caps import Cap, Day
from playout.domain.channel import Channel
from playout.domain.errors import Invalid, Problem
from playout.domain.limits import Need
from playout.domain.post import Destination
from playout.domain.rendition import Fit
from playout.domain.retry import Kind, PlatformFailure, Reason, Turn
from playout.media.memory import UPRIGHT
from tests.cast import CHOSEN, CLIP, NOON, Cast

SOON = NOON + timedelta(hours=1)
OTHER_CLIP = CLIP + b"another ending"
TWO_A_DAY = Cap("send", 2, timedelta(days=1), what="posts")


@pytest.fixture
async def cast() -> Cast:
    return await Cast.open()


async def wanted(cast: Cast, clip: bytes = CLIP, at: datetime = SOON, **destination: object) -> NewPost:
    """A post of a new upload to alice's channel."""
    video, channel = await cast.video(cast.alice, clip), await cast.channel(cast.alice)
    to = replace(Destination(channel.id, options=CHOSEN), **destination)  # type: ignore[arg-type]  # as each test says
    return NewPost(video.id, "First light", (to,), scheduled_at=at)


async def told(cast: Cast, new: NewPost) -> list[Problem]:
    return list(await cast.services.posts.validate(cast.alice, new))


async def codes(cast: Cast, new: NewPost) -> list[str]:
    return [one.code for one in await told(cast, new)]


async def posted(cast: Cast, clip: bytes, at: datetime = SOON) -> Shown:
    return await cast.services.posts.create(cast.alice, await wanted(cast, clip, at))


async def refusals(cast: Cast, shown: Shown, new: NewPost) -> list[str]:
    """Everything that is said of an edit which cannot be made, remarks with it."""
    with pytest.raises(Invalid) as refused:
        await cast.services.posts.edit(cast.alice, shown.post.id, new, None)
    return [one.code for one in refused.value.problems]


def channel_of(new: NewPost) -> str:
    return new.destinations[0].channel_id


async def change(cast: Cast, new: NewPost, **fields: object) -> Channel:
    """Of the channel's record."""
    before = await cast.store.channels.get(cast.alice.workspace_id, channel_of(new))
    return await cast.store.channels.save(replace(before, **fields))  # type: ignore[arg-type]  # as each test says


async def test_a_good_post_has_no_problem(cast: Cast) -> None:
    assert await told(cast, await wanted(cast)) == []


# ── the channel ──────────────────────────────────────────────────────────────────────────────────


async def test_a_permission_that_was_not_given_asks_for_a_reconnect(cast: Cast) -> None:
    cast.platform.needs = (Need(frozenset({"post", "everything"}), "publish"), Need(frozenset({"read"}), "look"))
    new = await wanted(cast)

    (one,) = await told(cast, new)

    assert (one.code, one.field, one.fix, one.warning) == (
        "permission_missing",
        "/destinations/0/channel_id",
        "reconnect",
        False,
    )
    assert one.message == "memory was not allowed to look. Reconnect the channel and allow it."
    assert one.channel_id == channel_of(new)


async def test_a_channel_in_trouble_asks_for_a_reconnect_and_nothing_else_is_asked(cast: Cast) -> None:
    new = await wanted(cast)
    await change(cast, new, trouble=Reason("token_dead", "Sign in again.", Turn.YOU))

    (one,) = await told(cast, replace(new, caption="x" * 500))

    assert (one.code, one.fix) == ("needs_reconnect", "reconnect")


async def test_a_connection_that_ends_before_the_time_is_a_remark(cast: Cast) -> None:
    cast.platform.lives = timedelta(minutes=30)

    (one,) = await told(cast, await wanted(cast))

    assert (one.code, one.field, one.fix, one.warning) == ("connection_ends", "/scheduled_at", "reconnect", True)
    assert "2026-11-20" in one.message


async def test_a_connection_that_ends_after_the_time_is_none(cast: Cast) -> None:
    cast.platform.lives = timedelta(minutes=90)

    assert await told(cast, await wanted(cast)) == []


async def test_a_channel_of_another_workspace_is_not_there(cast: Cast) -> None:
    foreign = await cast.channel(cast.charlie)
    new = replace(await wanted(cast), destinations=(Destination(foreign.id, options=CHOSEN),))

    assert await codes(cast, new) == ["unknown_channel"]


async def test_a_platform_that_cannot_be_asked_now_is_asked_by_the_step(cast: Cast) -> None:
    new = await wanted(cast)
    cast.platform.failure = PlatformFailure(Kind.AGAIN, "busy", "The platform is busy.")

    assert await told(cast, new) == []


# ── caps ─────────────────────────────────────────────────────────────────────────────────────────


async def test_a_cap_that_others_use_up_around_the_time_is_a_remark_with_its_number(cast: Cast) -> None:
    cast.platform.caps = (TWO_A_DAY,)
    for hours in (8, 30):
        await posted(cast, b"%d" % hours, NOON + timedelta(hours=hours))

    (one,) = await told(cast, await wanted(cast, at=NOON + timedelta(hours=20)))

    assert (one.code, one.field, one.warning) == ("cap_reached", "/scheduled_at", True)
    assert one.message == ("memory takes 2 posts in 24 h, and as many are planned already. This one would wait.")


@pytest.mark.parametrize("hours", [-2, 50])
async def test_what_lies_further_away_uses_up_no_cap(cast: Cast, hours: int) -> None:
    cast.platform.caps = (TWO_A_DAY,)
    for minutes in (0, 10):
        await posted(cast, b"%d" % minutes, NOON + timedelta(days=2, hours=hours, minutes=minutes))

    assert await told(cast, await wanted(cast, at=NOON + timedelta(days=3, hours=max(hours, 0) + 1))) == []


async def test_a_cap_of_a_day_counts_that_day_of_its_zone(cast: Cast) -> None:
    cast.platform.caps = (Cap("send", 1, Day("America/Los_Angeles"), what="posts"),)
    midnight = NOON.replace(hour=8) + timedelta(days=1)
    await posted(cast, b"one", midnight - timedelta(minutes=1))

    assert await codes(cast, await wanted(cast, at=midnight - timedelta(hours=10))) == ["cap_reached"]
    assert await codes(cast, await wanted(cast, at=midnight)) == []


async def test_each_channel_has_a_cap_of_its_own_unless_the_app_shares_it(cast: Cast) -> None:
    other = await cast.channel(cast.alice, "alice.too")
    video = await cast.video(cast.alice, OTHER_CLIP)
    there = NewPost(video.id, "There", (Destination(other.id, options=CHOSEN),), scheduled_at=SOON)
    await cast.services.posts.create(cast.alice, there)
    new = await wanted(cast)

    cast.platform.caps = (replace(TWO_A_DAY, limit=1),)
    assert await codes(cast, new) == []
    cast.platform.caps = (replace(TWO_A_DAY, limit=1, of_app=True),)
    assert await codes(cast, new) == ["cap_reached"]


async def test_what_was_cancelled_uses_up_no_cap(cast: Cast) -> None:
    cast.platform.caps = (replace(TWO_A_DAY, limit=1),)
    shown = await posted(cast, OTHER_CLIP)
    new = await wanted(cast)
    assert await codes(cast, new) == ["cap_reached"]

    await cast.services.posts.cancel(cast.alice, shown.post.id)

    assert await codes(cast, new) == []


async def test_a_cap_that_is_only_roughly_known_says_so(cast: Cast) -> None:
    cast.platform.caps = (replace(TWO_A_DAY, limit=1, certain=False),)
    await posted(cast, OTHER_CLIP)

    (one,) = await told(cast, await wanted(cast))

    assert one.message.endswith("This one may be refused for a day.")


async def test_a_cap_of_other_options_is_nothing_to_this_post(cast: Cast) -> None:
    cast.platform.caps = (replace(TWO_A_DAY, limit=1, applies=lambda options: "cover_at_ms" in options),)
    await posted(cast, OTHER_CLIP)

    assert await codes(cast, await wanted(cast)) == []
    assert await codes(cast, await wanted(cast, options={**CHOSEN, "cover_at_ms": 1})) == ["cap_reached"]


async def test_a_cap_of_minutes_is_not_worth_a_word(cast: Cast) -> None:
    cast.platform.caps = (Cap("send", 1, timedelta(minutes=1)),)
    await posted(cast, OTHER_CLIP)

    assert await told(cast, await wanted(cast)) == []


async def test_the_post_itself_uses_up_nothing_when_it_is_edited(cast: Cast) -> None:
    cast.platform.caps = (replace(TWO_A_DAY, limit=1),)
    shown = await posted(cast, CLIP)

    assert await refusals(cast, shown, replace(as_new(shown.post), caption="x" * 500)) == ["caption_too_long"]


# ── duplicates ───────────────────────────────────────────────────────────────────────────────────


async def test_the_same_bytes_uploaded_twice_are_remarked_on(cast: Cast) -> None:
    await posted(cast, CLIP)

    (one,) = await told(cast, await wanted(cast, CLIP, NOON + timedelta(days=3)))

    assert (one.code, one.field, one.warning) == ("duplicate", "/video_id", True)
    assert one.message == "The same file goes to this channel already, on 2026-11-20 13:00 UTC."


async def test_other_bytes_are_no_duplicate(cast: Cast) -> None:
    await posted(cast, CLIP)

    assert await told(cast, await wanted(cast, OTHER_CLIP)) == []


async def test_the_same_bytes_to_another_channel_are_no_duplicate(cast: Cast) -> None:
    await posted(cast, CLIP)
    other = await cast.channel(cast.alice, "alice.too")

    new = replace(await wanted(cast), destinations=(Destination(other.id, options=CHOSEN),))

    assert await told(cast, new) == []


async def test_the_same_bytes_in_another_workspace_are_no_duplicate(cast: Cast) -> None:
    await cast.post(cast.charlie)

    assert await told(cast, await wanted(cast)) == []


async def test_what_was_cancelled_is_no_duplicate(cast: Cast) -> None:
    shown = await posted(cast, CLIP)
    await cast.services.posts.cancel(cast.alice, shown.post.id)

    assert await told(cast, await wanted(cast)) == []


async def test_a_post_is_not_its_own_duplicate_when_it_is_edited(cast: Cast) -> None:
    shown = await posted(cast, CLIP)

    assert await refusals(cast, shown, replace(as_new(shown.post), caption="x" * 500)) == ["caption_too_long"]


async def test_a_post_is_not_its_own_duplicate_when_it_is_moved(cast: Cast) -> None:
    shown = await posted(cast, CLIP)

    with pytest.raises(Invalid) as refused:
        await cast.services.posts.schedule(cast.alice, shown.post.id, NOON + timedelta(days=1000))

    assert [one.code for one in refused.value.problems] == ["too_far"]


# ── remarks and copies ───────────────────────────────────────────────────────────────────────────


async def test_remarks_stand_in_nobodys_way(cast: Cast) -> None:
    cast.platform.lives = timedelta(minutes=30)
    cast.platform.caps = (replace(TWO_A_DAY, limit=1),)
    await posted(cast, CLIP)
    new = await wanted(cast, CLIP)
    assert await codes(cast, new) == ["connection_ends", "cap_reached", "duplicate"]

    assert (await cast.services.posts.create(cast.alice, new)).deliveries


async def test_a_refusal_tells_the_remarks_last(cast: Cast) -> None:
    cast.platform.lives = timedelta(minutes=30)
    new = replace(await wanted(cast), caption="x" * 500)

    with pytest.raises(Invalid) as refused:
        await cast.services.posts.create(cast.alice, new)

    assert [one.code for one in refused.value.problems] == ["caption_too_long", "connection_ends"]


async def test_what_a_copy_mends_is_a_problem_until_a_person_wants_the_copy(cast: Cast) -> None:
    cast.studio.facts = replace(UPRIGHT, video_codec="vp9", fps=120.0)

    assert [(one.code, one.fix) for one in await told(cast, await wanted(cast))] == [
        ("video_codec", "render"),
        ("fps", "render"),
    ]
    assert await told(cast, await wanted(cast, OTHER_CLIP, fit=Fit.PAD)) == []


async def test_what_no_copy_mends_stays_a_problem(cast: Cast) -> None:
    cast.studio.facts = replace(UPRIGHT, video_codec="vp9", duration=0.5)

    assert await codes(cast, await wanted(cast, fit=Fit.PAD)) == ["too_short"]


async def test_a_copy_that_nobody_would_want_to_watch_is_refused(cast: Cast) -> None:
    cast.platform.file = replace(cast.platform.file, most_bytes=100_000)
    cast.studio.facts = replace(UPRIGHT, video_codec="vp9", duration=50.0)

    (one,) = await told(cast, await wanted(cast, fit=Fit.PAD))

    assert (one.code, one.field, one.fix) == ("cannot_be_fitted", "/destinations/0/fit", None)


async def test_a_copy_that_is_there_is_checked_as_it_is(cast: Cast) -> None:
    cast.studio.facts = replace(UPRIGHT, video_codec="vp9")
    new = await wanted(cast, fit=Fit.PAD)
    await cast.services.renditions.ask(cast.alice, new.video_id, "memory", Fit.PAD)
    await cast.work()
    video = await cast.store.videos.get(cast.alice.workspace_id, new.video_id)
    (copy,) = video.renditions
    assert copy.facts
    odd = replace(copy, facts=replace(copy.facts, container="webm"))
    await cast.store.videos.save(video.with_rendition(odd))

    assert await codes(cast, new) == ["container"]
