"""What holds for every page: who gets in, how refusals look, and that words of people stay words."""

import html
import logging
from dataclasses import replace

import pytest
from starlette.responses import Response

from playout.domain.errors import (
    Conflict,
    Forbidden,
    Invalid,
    NotFound,
    PlayoutError,
    Problem,
    Stale,
    StorageFull,
    Unavailable,
)
from playout.domain.retry import Kind, PlatformFailure
from playout.domain.secret import Secret
from playout.web import refusals
from playout.web.app import NOUNS
from playout.web.ask import Ask
from playout.web.routes import Pages
from playout.web.toasts import Toast, Undo
from playout.web.visitors import MemoryVisitors, Visitor
from tests.web.stage import Stage, client, same_origin, together

HOSTILE = '"><script>alert(1)</script><img src=x onerror=alert(1)>{{ 7*7 }}'


async def test_the_start_shows_what_goes_out_next(stage: Stage) -> None:
    await stage.cast.post(stage.cast.alice)
    page = await stage.alice.get("/")

    assert page.status_code == 200
    assert "First light" in page.text
    assert "Scheduled" in page.text
    assert '<time datetime="2026-11-20T13:00:00+00:00"' in page.text


async def test_times_are_shown_in_the_zone_of_the_reader_which_stands_beside_them(stage: Stage) -> None:
    await stage.cast.post(stage.cast.alice)
    stage.alice.cookies.set("playout-zone", "Europe/Berlin")

    assert '14:00 <span class="zone">MEZ</span>' in (await stage.alice.get("/", headers={"Accept-Language": "de"})).text


async def test_another_workspace_sees_nothing_of_it(stage: Stage) -> None:
    await stage.cast.post(stage.cast.alice)

    assert "First light" not in (await stage.charlie.get("/")).text


async def test_what_people_wrote_is_shown_as_they_wrote_it_and_never_run(stage: Stage) -> None:
    shown = await stage.cast.post(stage.cast.alice)
    await stage.cast.store.posts.save(replace(shown.post, caption=HOSTILE), ())
    page = (await stage.alice.get("/")).text

    assert "<script>alert" not in page
    assert "<img src=x" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    assert "{{ 7*7 }}" in page


async def test_a_guest_is_led_to_the_sign_in_and_back(stage: Stage) -> None:
    answer = await stage.guest.get("/?page=2")

    assert answer.status_code == 303
    assert answer.headers["location"] == "/sign-in?next=/%3Fpage%3D2"
    assert 'name="next" value="/?page=2"' in (await stage.guest.get(answer.headers["location"])).text


async def test_whoever_is_in_already_is_not_asked_again(stage: Stage) -> None:
    answer = await stage.alice.get("/sign-in?next=/calendar")

    assert (answer.status_code, answer.headers["location"]) == (303, "/calendar")


async def test_an_ended_session_is_a_guest(stage: Stage) -> None:
    stage.visitors.let_out(stage.sessions["alice"])

    assert (await stage.alice.get("/")).headers["location"] == "/sign-in"


@pytest.mark.parametrize("who", ["alice", "guest"])
async def test_an_address_that_there_is_not_says_so(stage: Stage, who: str) -> None:
    answer = await getattr(stage, who).get("/nowhere")

    assert answer.status_code == 404
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert "There is no page at this address." in answer.text


async def test_an_address_opened_the_wrong_way_says_so(stage: Stage) -> None:
    answer = await stage.alice.get("/preferences")

    assert answer.status_code == 405
    assert answer.headers["allow"] == "POST"
    assert "cannot be opened this way" in answer.text


# ── refusals ─────────────────────────────────────────────────────────────────────────────────────


async def raising(error: Exception) -> Stage:
    """A stage with one more page, at which this happens."""
    pages = Pages()

    @pages.get("/trouble", guests=True)
    @pages.post("/trouble", guests=True)
    async def trouble(ask: Ask) -> Response:
        raise error

    return await with_pages(pages)


async def with_pages(pages: Pages) -> Stage:
    return await Stage.open(nouns=(*NOUNS, pages))


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (Invalid("Choose a time.", problems=[Problem("late", "/at", "Choose a time.")]), 422),
        (NotFound("No such post."), 404),
        (Forbidden("You may not."), 403),
        (Conflict("It is published."), 409),
        (Stale(), 409),
        (Unavailable("Later."), 503),
        (StorageFull("Full."), 507),
        (PlatformFailure(Kind.SIGN_IN, "revoked", "Sign in there again."), 409),
        (PlatformFailure(Kind.LATER, "quota", "Tomorrow."), 503),
        (PlatformFailure(Kind.NEVER, "no", "They said no."), 502),
        (PlayoutError("Hm.", code="rate_limited"), 429),
    ],
    ids=lambda one: type(one).__name__ if isinstance(one, Exception) else str(one),
)
async def test_a_refusal_is_a_page_with_its_sentence_and_its_status(error: PlayoutError, status: int) -> None:
    stage = await raising(error)
    answer = await stage.alice.get("/trouble")

    assert answer.status_code == status
    assert error.sentence in answer.text
    assert "<h1>" in answer.text
    assert "default-src 'none'" in answer.headers["content-security-policy"]


async def test_for_htmx_a_refusal_is_a_toast_that_leaves_the_page_as_it_is() -> None:
    stage = await raising(Conflict("It is published."))
    answer = await stage.alice.get("/trouble", headers={"HX-Request": "true"})

    assert answer.status_code == 409
    assert (answer.headers["hx-retarget"], answer.headers["hx-reswap"]) == ("#toasts", "beforeend")
    assert "It is published." in answer.text
    assert "<html" not in answer.text


async def test_for_htmx_a_guest_is_led_to_the_sign_in(stage: Stage) -> None:
    answer = await stage.guest.get("/", headers={"HX-Request": "true"})

    assert answer.headers["hx-redirect"] == "/sign-in"


async def test_a_mistake_is_logged_and_not_shown(caplog: pytest.LogCaptureFixture) -> None:
    stage = await raising(RuntimeError("secret detail"))
    with caplog.at_level(logging.ERROR):
        answer = await stage.alice.get("/trouble")

    assert answer.status_code == 500
    assert "secret detail" not in answer.text
    assert "Playout made a mistake here." in answer.text
    assert [one.message for one in caplog.records if one.levelno >= logging.ERROR] == ["request.mistake"]


class Unreachable(MemoryVisitors):
    """Sessions that cannot be read right now."""

    async def of(self, session: Secret) -> Visitor | None:
        raise Unavailable("The store cannot be reached right now. Try again in a minute.")


async def test_a_store_that_cannot_be_reached_is_a_page_with_a_sentence(stage: Stage) -> None:
    app = together(stage.cast, stage.url, Unreachable())
    answer = await client(app, stage.url, Secret("session")).get("/")

    assert answer.status_code == 503
    assert "cannot be reached right now" in answer.text
    assert "<h1>" in answer.text


def test_every_kind_of_error_has_its_row() -> None:
    def below(kind: type[PlayoutError]) -> set[type[PlayoutError]]:
        return {kind}.union(*(below(one) for one in kind.__subclasses__()))

    kinds = {one for one in below(PlayoutError) if one.__module__ == "playout.domain.errors"}
    assert all(
        any(base in refusals.KINDS for base in kind.__mro__ if base is not PlayoutError)
        for kind in kinds - {PlayoutError}
    )
    assert set(refusals.PLATFORM) == set(Kind)


# ── toasts ───────────────────────────────────────────────────────────────────────────────────────


async def toasting(toast: Toast) -> Stage:
    pages = Pages()

    @pages.post("/move")
    async def move(ask: Ask) -> Response:
        return ask.see_other("/", toast=toast)

    return await with_pages(pages)


async def moved(stage: Stage) -> str:
    await stage.post(stage.alice, "/move")
    return (await stage.alice.get("/")).text


async def test_after_a_change_the_next_page_says_what_was_done_and_offers_to_undo_it() -> None:
    stage = await toasting(Toast("Moved <there>.", undo=Undo("/move", {"at": '"old"'})))
    page = await moved(stage)

    assert "Moved &lt;there&gt;." in page
    assert '<form method="post" action="/move">' in page
    assert 'name="at" value="&#34;old&#34;"' in page
    assert 'data-seconds="10"' in page


async def test_it_says_so_once() -> None:
    stage = await toasting(Toast("Moved."))
    await moved(stage)

    assert "Moved." not in (await stage.alice.get("/")).text


async def test_nobody_else_can_put_words_on_a_page() -> None:
    stage = await toasting(Toast("Moved."))
    answer = await stage.post(stage.alice, "/move")
    stage.guest.cookies.set("playout-toast", answer.cookies["playout-toast"])

    assert "Moved." not in (await stage.guest.get("/sign-in")).text


@pytest.mark.parametrize("forged", ["x", ".", "e30.", "é.é", "e30.0000"])
async def test_a_forged_toast_is_passed_over(stage: Stage, forged: str) -> None:
    cookies = f"playout-toast={forged}; playout-session={stage.sessions['alice'].reveal()}"
    answer = await stage.alice.get("/", headers=[(b"cookie", cookies.encode())])

    assert answer.status_code == 200


# ── preferences ──────────────────────────────────────────────────────────────────────────────────


async def test_a_theme_is_kept_and_taken_back(stage: Stage) -> None:
    await stage.post(stage.guest, "/preferences", theme="dark")
    assert 'data-theme="dark"' in (await stage.guest.get("/sign-in")).text

    await stage.post(stage.guest, "/preferences", theme="system")
    assert 'data-theme="system"' in (await stage.guest.get("/sign-in")).text


async def test_single_keys_can_be_switched_off(stage: Stage) -> None:
    await stage.post(stage.alice, "/preferences", keys="off")

    assert 'data-keys="off"' in (await stage.alice.get("/")).text


async def test_what_is_not_offered_is_no_preference(stage: Stage) -> None:
    await stage.post(stage.alice, "/preferences", theme="x\x00", language="../de", zone="Mars/Olympus", next="//evil")
    page = await stage.alice.get("/")

    assert 'data-theme="system"' in page.text
    assert 'lang="en"' in page.text


async def test_a_change_comes_back_to_where_it_was_made(stage: Stage) -> None:
    answer = await stage.alice.post(
        "/preferences",
        data={"theme": "dark", "next": "/calendar?week=3", "form_token": await stage.token(stage.alice)},
        headers=same_origin(stage.url),
    )

    assert answer.headers["location"] == "/calendar?week=3"


@pytest.mark.parametrize("sentence", ["“<script>alert(1)</script>” is no slot.", "It is 100 % full.", "%(who)s"])
@pytest.mark.parametrize("headers", [{}, {"HX-Request": "true"}])
async def test_a_sentence_of_the_house_is_text_whatever_it_names(sentence: str, headers: dict[str, str]) -> None:
    stage = await raising(Conflict(sentence))

    answer = await stage.alice.get("/trouble", headers=headers)

    assert answer.status_code == 409
    assert "<script>alert" not in answer.text
    assert sentence in html.unescape(answer.text)
