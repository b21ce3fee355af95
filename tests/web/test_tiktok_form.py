"""TikTok's form against its Content Sharing Guidelines: each test is named by the row of the list it holds.

Without a browser: what the server says holds without a script too. What a script adds is tested in test_composer.py.
"""

import hashlib
import re
from dataclasses import replace

import pytest

from playout.domain.delivery import State
from playout.media.memory import UPRIGHT
from playout.platforms.tiktok import rules
from playout.web import composer_tiktok as words
from tests.cast import CLIP
from tests.web.stage import Stage
from tests.web.tiktok_house import House


@pytest.fixture
async def house(stage: Stage) -> House:
    return await House.open(stage)


def field(page: str, name: str) -> str:
    """The tag of an input whose name ends so."""
    found = re.search(rf'<(?:input|select)[^>]*name="[^"]*-{name}"[^>]*>', page)
    assert found, name
    return found[0]


def is_shown(page: str, marks: str) -> bool:
    """Whether the (first) element with these attributes is not hidden."""
    found = re.search(rf"<[^>]*{marks}[^>]*>", page)
    assert found, marks
    return " hidden" not in found[0]


def in_words(page: str) -> str:
    """What a reader reads."""
    return " ".join(re.sub(r"<[^>]+>", "", page).replace("&#39;", "'").split())


async def posts(house: House) -> int:
    return len((await house.stage.cast.services.posts.list(house.stage.cast.alice)).items)


async def test_row_1a_the_creator_is_asked_each_time_the_form_is_drawn_and_shown_by_nickname(house: House) -> None:
    assert "<b data-nickname>Alice Makes</b>" in await house.page()
    house.offers(shown={"nickname": "Alice Anew", "username": "alice.makes"})

    assert "<b data-nickname>Alice Anew</b>" in await house.page()
    assert len(house.tiktok.asked_for) == 2


@pytest.mark.parametrize("code", ["spam_risk_too_many_posts", "reached_active_user_cap"])
async def test_row_1b_a_creator_who_cannot_post_now_is_stopped_and_asked_to_try_later(house: House, code: str) -> None:
    house.bars(code, "TikTok takes nothing more from this account today.")
    page = await house.page()

    assert "This account cannot post right now. Try again later." in page
    assert '<fieldset class="stack rest" disabled>' in page
    assert (await house.send(privacy_level="SELF_ONLY")).status_code == 422
    assert await posts(house) == 0


async def test_row_1c_a_video_longer_than_the_creator_may_post_is_refused_with_both_numbers(house: House) -> None:
    house.stage.cast.studio.facts = replace(UPRIGHT, duration=601.0)
    house.video = await house.stage.cast.video(house.stage.cast.alice, CLIP + b"longer")
    answer = await house.send(privacy_level="SELF_ONLY")

    assert answer.status_code == 422
    assert "The video lasts 10 min 1 s; at most 10 min are taken here." in answer.text
    assert "Videos of at most 600 seconds." in answer.text


async def test_row_2a_the_caption_can_be_edited_with_its_preset_text_and_hashtags(house: House) -> None:
    draft = await house.send("draft", caption="Preset words #first #light", own="on")
    page = (await house.stage.alice.get(draft.headers["location"])).text

    assert re.search(r'<textarea[^>]*name="caption"[^>]*>\s*Preset words #first #light</textarea>', page)
    assert not re.search(r'<textarea[^>]*name="[^"]*caption"[^>]*(?:readonly|disabled)', page)


async def test_row_2b_who_can_watch_is_a_dropdown_of_what_is_offered_with_nothing_preset(house: House) -> None:
    house.offers(choices={"privacy_level": ("PUBLIC_TO_EVERYONE", "SELF_ONLY")})
    page = await house.page()
    select = re.search(r'<select[^>]*privacy_level"[^>]*required.*?</select>', page, re.DOTALL)

    assert select
    assert re.findall(r'<option value="([^"]*)"( selected)?', select[0]) == [
        ("", " selected"),
        ("PUBLIC_TO_EVERYONE", ""),
        ("SELF_ONLY", ""),
    ]


async def test_row_2b_without_a_choice_nothing_is_sent_and_none_is_made_instead(house: House) -> None:
    answer = await house.send()

    assert answer.status_code == 422
    assert "must be chosen by a person" in answer.text
    assert await posts(house) == 0


async def test_row_2b_what_is_not_offered_is_refused(house: House) -> None:
    house.offers(choices={"privacy_level": ("SELF_ONLY",)})

    assert (await house.send(privacy_level="PUBLIC_TO_EVERYONE")).status_code == 422


async def test_row_2c_comment_duet_and_stitch_are_three_switches_and_all_are_off(house: House) -> None:
    page = await house.page()

    for name in ("allow_comment", "allow_duet", "allow_stitch"):
        assert 'type="checkbox"' in field(page, name)
        assert " checked" not in field(page, name)
        assert " disabled" not in field(page, name)


@pytest.mark.parametrize("name", ["allow_comment", "allow_duet", "allow_stitch"])
async def test_row_2c_what_the_creator_switched_off_is_disabled_and_refused(house: House, name: str) -> None:
    house.offers(refused={name: "Switched off in the account's TikTok settings."})

    assert " disabled" in field(await house.page(), name)
    assert (await house.send(privacy_level="SELF_ONLY", **{name: "yes"})).status_code == 422


async def test_row_2c_nothing_is_remembered_from_the_post_before(house: House) -> None:
    chosen = {"privacy_level": "SELF_ONLY", "allow_comment": "yes", "allow_duet": "yes", "ai_generated": "yes"}
    assert (await house.send("draft", **chosen)).status_code == 303
    page = await house.page()

    assert " checked" not in field(page, "allow_comment") + field(page, "allow_duet") + field(page, "ai_generated")
    assert '<option value="" selected>' in page


async def test_row_3a_the_disclosure_is_off_and_neither_kind_is_checked(house: House) -> None:
    page = await house.page()

    for name in ("disclosed", "your_brand", "branded_content"):
        assert 'type="checkbox"' in field(page, name)
        assert " checked" not in field(page, name)
    assert "Your brand" in page
    assert "Branded content" in page


async def test_row_3b_switched_on_with_nothing_chosen_publishing_is_off_and_says_why(house: House) -> None:
    page = (await house.send("refresh", privacy_level="SELF_ONLY", disclosed="on")).text
    buttons = re.findall(r"<button[^>]*data-sends[^>]*>", page)

    assert buttons
    assert all('aria-disabled="true"' in one and f'title="{words.INCOMPLETE}"' in one for one in buttons)
    assert all('aria-describedby="stopped"' in one for one in buttons)  # told to who comes by the keyboard too
    assert is_shown(page, 'id="stopped"')
    assert words.INCOMPLETE == "You need to indicate if your content promotes yourself, a third party, or both."


async def test_row_3b_it_is_refused_without_a_script_too(house: House) -> None:
    answer = await house.send(privacy_level="SELF_ONLY", disclosed="on")

    assert answer.status_code == 422
    assert words.INCOMPLETE in answer.text
    assert await posts(house) == 0


@pytest.mark.parametrize(
    ("chosen", "own", "third"),
    [
        ({}, False, False),
        ({"your_brand": "yes"}, True, False),  # 3c
        ({"branded_content": "yes"}, False, True),  # 3d
        ({"your_brand": "yes", "branded_content": "yes"}, False, True),  # 3d
    ],
)
async def test_row_3c_3d_the_label_is_named_once_it_is_known(
    house: House, chosen: dict[str, str], own: bool, third: bool
) -> None:
    page = (await house.send("refresh", disclosed="on", **chosen)).text

    assert is_shown(page, 'data-label="own"') is own
    assert is_shown(page, 'data-label="third"') is third
    assert "Your photo/video will be labeled as 'Promotional content'" in in_words(page)
    assert "Your photo/video will be labeled as 'Paid partnership'" in in_words(page)


async def test_row_3e_with_branded_content_only_me_is_disabled_and_says_why(house: House) -> None:
    page = (await house.send("refresh", disclosed="on", branded_content="yes")).text
    sentence = "Branded content visibility cannot be set to private."

    assert f'<option value="SELF_ONLY" disabled title="{sentence}"' in page
    assert '<option value="PUBLIC_TO_EVERYONE">' in page
    assert is_shown(page, "data-branded-private")
    assert sentence == words.BRANDED_PRIVATE == rules.BRANDED_PRIVATE


async def test_row_3e_with_only_me_branded_content_is_disabled_and_says_why(house: House) -> None:
    page = (await house.send("refresh", disclosed="on", privacy_level="SELF_ONLY")).text

    assert " disabled" in field(page, "branded_content")
    assert is_shown(page, "data-brand-barred")
    assert '<option value="SELF_ONLY" selected' in page


async def test_row_3e_a_stored_only_me_is_cleared_in_the_open_and_never_replaced(house: House) -> None:
    chosen = {"privacy_level": "SELF_ONLY", "disclosed": "on", "branded_content": "yes"}
    draft = await house.send("draft", **chosen)
    page = (await house.stage.alice.get(draft.headers["location"])).text

    assert '<option value="" selected>' in page
    assert "The audience that was chosen is not possible any more, so none is chosen now." in page


@pytest.mark.parametrize("audience", ["SELF_ONLY", "FOLLOWER_OF_CREATOR"])
async def test_row_3e_branded_content_for_others_than_everyone_or_friends_is_refused(
    house: House, audience: str
) -> None:
    answer = await house.send(privacy_level=audience, disclosed="on", branded_content="yes")

    assert answer.status_code == 422
    assert await posts(house) == 0


@pytest.mark.parametrize("chosen", [{}, {"disclosed": "on"}, {"disclosed": "on", "your_brand": "yes"}])
async def test_row_4a_the_music_usage_confirmation_is_agreed_to_in_plain_sight(
    house: House, chosen: dict[str, str]
) -> None:
    page = (await house.send("refresh", **chosen)).text

    assert is_shown(page, 'data-agreement="music"')
    assert not is_shown(page, 'data-agreement="branded"')
    assert rules.MUSIC_USAGE in in_words(page)
    assert f'<a href="{rules.MUSIC_USAGE_URL}"' in page
    assert page.rindex('data-agreement="music"') < page.index("data-sends")  # before the buttons


async def test_row_4a_it_stands_there_while_the_account_cannot_post_too(house: House) -> None:
    house.bars("reached_active_user_cap", "TikTok takes no more people through this app today.")

    assert is_shown(await house.page(), 'data-agreement="music"')


async def test_row_4b_with_branded_content_its_policy_is_agreed_to_as_well(house: House) -> None:
    page = (await house.send("refresh", disclosed="on", branded_content="yes")).text

    assert is_shown(page, 'data-agreement="branded"')
    assert not is_shown(page, 'data-agreement="music"')
    assert rules.BRANDED_USAGE in in_words(page)
    assert f'<a href="{rules.BRANDED_POLICY_URL}"' in page


async def test_row_5a_the_content_that_will_be_posted_is_previewed(house: House) -> None:
    source = re.search(r'<video data-preview[^>]* src="([^"]+)"', await house.page())

    assert source
    assert (await house.stage.alice.get(source[1])).content == CLIP


async def test_row_5b_what_is_sent_is_the_file_itself(house: House) -> None:
    await house.send(privacy_level="SELF_ONLY")
    await house.stage.cast.work()
    (sent,) = house.tiktok.received.values()

    assert hashlib.sha256(sent).hexdigest() == house.video.sha256


async def test_row_5c_nothing_is_sent_before_somebody_agrees_and_who_agreed_to_what_is_kept(house: House) -> None:
    draft = await house.send("draft", privacy_level="SELF_ONLY")
    await house.page()
    await house.stage.cast.work()
    assert house.tiktok.received == {}

    post_id = draft.headers["location"].rpartition("/")[2]
    fields = {"video_id": house.video.id, "channel": house.channel.id, "caption": "First light", "do": "now"}
    fields |= {f"{house.channel.id}-privacy_level": "SELF_ONLY", "version": "1"}
    assert (await house.stage.post(house.stage.alice, f"/posts/{post_id}", **fields)).status_code == 303
    consent = (await house.stage.cast.services.posts.get(house.stage.cast.alice, post_id)).post.destinations[0].consent

    assert consent
    assert (consent.by, consent.via, consent.text) == ("alice", "web", rules.CONSENT)
    assert consent.at == house.stage.cast.clock.now()


async def test_row_5d_people_are_told_that_it_may_take_some_minutes(house: House) -> None:
    answer = await house.send(privacy_level="SELF_ONLY")
    page = (await house.stage.alice.get(answer.headers["location"])).text

    assert "it may take a few minutes until TikTok has processed it and shows it." in page


async def test_row_5e_its_state_at_the_platform_is_shown_until_it_is_published(house: House) -> None:
    answer = await house.send(privacy_level="SELF_ONLY")
    where = answer.headers["location"]
    seen = [(await house.stage.alice.get(f"{where}/state")).text]
    post_id = where.rpartition("/")[2]
    (delivery,) = (await house.stage.cast.services.posts.get(house.stage.cast.alice, post_id)).deliveries
    await house.stage.cast.work()
    seen.append((await house.stage.alice.get(f"{where}/state")).text)

    assert delivery.state is State.WAITING
    assert "Scheduled" in seen[0]
    assert 'data-moving="yes"' in seen[0]
    assert "Published" in seen[1]
    assert 'data-moving="no"' in seen[1]


async def test_row_G_the_limits_that_creators_meet_are_named(  # noqa: N802 -- that is the row's name
    house: House,
) -> None:
    quota = re.search(r"<p[^>]*data-quota>(.*?)</p>", await house.page())

    assert quota
    for fact in (
        "6 requests a minute",
        "15 posts a day",
        "all apps together",
        "5 waiting in the inbox",
        "private accounts",
    ):
        assert fact in quota[1]


async def test_the_five_points_stand_in_the_order_of_the_guidelines(house: House) -> None:
    assert re.findall(r'data-step="(\d)"', await house.page()) == ["1", "2", "3", "4", "5"]


async def test_to_the_inbox_nothing_has_to_be_chosen(house: House) -> None:
    assert (await house.send(mode="inbox")).status_code == 303


async def test_what_was_disclosed_does_not_count_once_the_switch_is_off(house: House) -> None:
    answer = await house.send(privacy_level="SELF_ONLY", branded_content="yes", your_brand="yes")

    assert answer.status_code == 303
    (shown,) = (await house.stage.cast.services.posts.list(house.stage.cast.alice)).items
    assert dict(shown.post.destinations[0].options) == {"privacy_level": "SELF_ONLY"}
