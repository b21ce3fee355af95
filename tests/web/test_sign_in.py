"""Signing in, coming for the first time, and one's own account: with the sessions of the house."""

import re
from dataclasses import dataclass

import httpx
import pytest

from playout.api.app import create_app
from playout.application.joining import Newcomer
from playout.domain.person import Role
from playout.domain.secret import Secret
from playout.web.app import create_web
from playout.web.visitors import SessionVisitors
from tests.cast import PUBLIC_URL, Cast
from tests.web.stage import client, same_origin, shipped

PASSWORD = "a:long/pass?word[1]@"
TOKEN = re.compile(r'name="form_token" value="([^"]+)"')


@dataclass
class Door:
    """The pages with the house's own sessions, and one browser."""

    cast: Cast
    browser: httpx.AsyncClient

    def another(self) -> "Door":
        return Door(self.cast, client(self.browser._transport.app, PUBLIC_URL))  # type: ignore[attr-defined]  # ASGI's

    async def post(self, path: str, *, on: str = "/sign-in", **fields: str) -> httpx.Response:
        page = await self.browser.get(on, follow_redirects=True)
        token = TOKEN.search(page.text)
        assert token, page.text
        return await self.browser.post(path, data=fields | {"form_token": token[1]}, headers=same_origin(PUBLIC_URL))

    async def sign_in(self, email: str = "alice@example.org", password: str = PASSWORD, **more: str) -> httpx.Response:
        return await self.post("/sign-in", email=email, password=password, **more)


@pytest.fixture
async def door() -> Door:
    cast = await Cast.open()
    web = create_web(cast.services, SessionVisitors(cast.services.sessions), public_url=PUBLIC_URL, looks=shipped())
    return Door(cast, client(create_app(cast.services, pages=web), PUBLIC_URL))


@pytest.fixture
async def owned(door: Door) -> Door:
    link = await first(door)
    await door.cast.services.membership.found(link, Newcomer("alice@example.org", Secret(PASSWORD), "Alice"))
    return door


async def first(door: Door) -> Secret:
    path = await door.cast.services.membership.first_link()
    assert path
    return Secret(path.reveal().removeprefix("/first/"))


async def test_the_first_one_makes_an_account_and_is_in(door: Door) -> None:
    path = f"/first/{(await first(door)).reveal()}"

    made = await door.post(path, on=path, name="Alice", email="Alice@Example.org", password=PASSWORD)

    assert (made.status_code, made.headers["location"]) == (303, "/")
    assert (await door.browser.get("/")).status_code == 200
    assert "alice@example.org" in (await door.browser.get("/account")).text


async def test_a_weak_password_is_told_at_its_field_and_nothing_is_lost(door: Door) -> None:
    path = f"/first/{(await first(door)).reveal()}"

    refused = await door.post(path, on=path, name="Alice", email="alice@example.org", password="short")

    assert refused.status_code == 422
    assert 'value="alice@example.org"' in refused.text
    assert 'id="e-password"' in refused.text


async def test_the_first_link_is_good_once(owned: Door) -> None:
    assert await owned.cast.services.membership.first_link() is None


async def test_signing_in_leads_to_where_one_wanted(owned: Door) -> None:
    assert (await owned.browser.get("/calendar")).headers["location"] == "/sign-in?next=/calendar"

    done = await owned.sign_in(next="/calendar")

    assert (done.status_code, done.headers["location"]) == (303, "/calendar")
    assert (await owned.browser.get("/calendar")).status_code == 200


async def test_nobody_is_led_to_another_site(owned: Door) -> None:
    assert (await owned.sign_in(next="https://evil.example/")).headers["location"] == "/"


@pytest.mark.parametrize("who", [("alice@example.org", "another password!"), ("nobody@example.org", PASSWORD)])
async def test_a_wrong_password_and_an_unknown_address_get_the_same_answer(owned: Door, who: tuple[str, str]) -> None:
    refused = await owned.sign_in(*who)

    assert refused.status_code == 401
    assert "The e-mail address or the password is not right." in refused.text
    assert (await owned.browser.get("/")).status_code == 303


async def test_many_tries_are_too_many(owned: Door) -> None:
    for _ in range(10):
        await owned.sign_in(password="guess after guess")

    assert (await owned.sign_in()).status_code == 429


async def test_signing_out_ends_the_session_and_not_only_the_cookie(owned: Door) -> None:
    await owned.sign_in()
    cookie = owned.browser.cookies["playout-session"]

    await owned.post("/sign-out", on="/account")

    assert (await owned.browser.get("/")).status_code == 303
    owned.browser.cookies.set("playout-session", cookie)
    assert (await owned.browser.get("/")).status_code == 303


async def test_another_browser_can_be_signed_out(owned: Door) -> None:
    other = owned.another()
    await other.sign_in()
    await owned.sign_in()
    [end] = re.findall(r'action="(/account/sessions/[^"]+)"', (await owned.browser.get("/account")).text)

    await owned.post(end, on="/account")

    assert (await other.browser.get("/")).status_code == 303
    assert (await owned.browser.get("/")).status_code == 200


async def test_somebody_who_is_invited_joins_with_the_role_that_was_meant(owned: Door) -> None:
    await owned.sign_in()
    page = await owned.post("/people/invite", on="/account", email="", role="viewer")
    [link] = re.findall(r"<code>([^<]+)</code>", page.text)
    guest = owned.another()

    joined = await guest.post(link, on=link, name="Bob", email="bob@example.org", password=PASSWORD + "2")

    assert (joined.status_code, joined.headers["location"]) == (303, "/")
    seats = {
        one.person.email: one.member.role for one in await owned.cast.services.membership.members(owned.cast.alice)
    }
    assert seats == {"alice@example.org": Role.OWNER, "bob@example.org": Role.VIEWER}


async def test_a_viewer_sees_no_form_to_invite(owned: Door) -> None:
    await owned.sign_in()
    page = await owned.post("/people/invite", on="/account", email="", role="viewer")
    [link] = re.findall(r"<code>([^<]+)</code>", page.text)
    guest = owned.another()
    await guest.post(link, on=link, name="Bob", email="bob@example.org", password=PASSWORD + "2")

    assert "/people/invite" not in (await guest.browser.get("/account")).text
    assert (await guest.post("/people/invite", on="/account", role="owner")).status_code == 403


async def test_the_last_owner_stays(owned: Door) -> None:
    await owned.sign_in()
    [change] = re.findall(r'action="(/people/psn_[^"]+/role)"', (await owned.browser.get("/account")).text)

    assert (await owned.post(change, on="/account", role="viewer")).status_code == 409


async def test_a_new_password_ends_all_other_sessions(owned: Door) -> None:
    other = owned.another()
    await other.sign_in()
    await owned.sign_in()

    await owned.post("/account/password", on="/account", old=PASSWORD, new="quite another:phrase/99")

    assert (await other.browser.get("/")).status_code == 303
    assert (await owned.browser.get("/")).status_code == 200
