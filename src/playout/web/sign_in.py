"""Signing in and out: with a password and a code, or with a passkey. Coming for the first time is in `joining`."""

import json

from starlette.responses import JSONResponse, Response

from playout.application.sessions import KEPT, Entered
from playout.application.signing_in import HalfWay
from playout.domain.errors import Invalid, Unauthenticated
from playout.domain.secret import Secret
from playout.web import forms
from playout.web.ask import Ask, inside
from playout.web.cookies import Word
from playout.web.marks import N_
from playout.web.routes import SIGN_IN, Pages
from playout.web.visitors import Visitor

pages = Pages()

#: Nothing that a browser says of a passkey is longer.
MOST_ANSWER = 64 * 1024


@pages.get(SIGN_IN, guests=True)
async def form(ask: Ask) -> Response:
    """E-mail and password, or a passkey. Whoever is in already goes on."""
    back = inside(ask.said("next", "/"))
    if isinstance(ask.who, Visitor):
        return ask.see_other(back)
    return await _form(ask, back)


@pages.post(SIGN_IN, guests=True)
async def with_password(ask: Ask) -> Response:
    """On to where one wanted, or to the code that is asked as well."""
    back, password = inside(ask.said("next", "/")), Secret(ask.said("password"))
    try:
        done = await ask.hall.signing_in.with_password(ask.said("email"), password, peer=peer(ask), agent=agent(ask))
    except Unauthenticated as refused:
        return await _form(ask, back, refused=refused, email=ask.said("email"))
    if isinstance(done, HalfWay):
        return await ask.page("sign_in_code.html", back=back, ticket=done.ticket.reveal())
    return entered(ask, done, back)


@pages.post(f"{SIGN_IN}/code", guests=True)
async def with_code(ask: Ask) -> Response:
    """A code of the app, or a recovery code."""
    back, ticket = inside(ask.said("next", "/")), Secret(ask.said("ticket"))
    try:
        done = await ask.hall.signing_in.with_code(ticket, ask.said("code"), peer=peer(ask), agent=agent(ask))
    except Unauthenticated as refused:
        if refused.code == "ticket_gone":
            return await _form(ask, back, refused=refused)
        return await ask.page("sign_in_code.html", refused=refused, back=back, ticket=ticket.reveal())
    return entered(ask, done, back)


@pages.post(f"{SIGN_IN}/passkey/options", guests=True)
async def passkey_options(ask: Ask) -> Response:
    """For the browser: what it asks the device, and the ticket that comes back with the answer."""
    question = await ask.hall.signing_in.ask_passkey()
    return JSONResponse({"options": json.loads(question.options), "ticket": question.ticket.reveal()})


@pages.post(f"{SIGN_IN}/passkey", guests=True)
async def with_passkey(ask: Ask) -> Response:
    """`{ticket, answer, next}` as JSON; answered with where to go on."""
    said = _json(await forms.whole(ask.request, MOST_ANSWER))
    ticket, answer = Secret(str(said.get("ticket", ""))), json.dumps(said.get("answer"))
    done = await ask.hall.signing_in.with_passkey(ticket, answer, peer=peer(ask), agent=agent(ask))
    back = inside(str(said.get("next", "/")))
    return _with_cookie(ask, JSONResponse({"next": back}), done)


@pages.post("/sign-out")
async def sign_out(ask: Ask) -> Response:
    """This browser."""
    visitor = ask.visitor
    if visitor.entered:
        await ask.hall.sessions.end(visitor.entered.person, visitor.entered.session.id)
    response = ask.see_other(SIGN_IN)
    ask.house.cookies.drop(response, Word.SESSION)
    return response


def entered(ask: Ask, done: Entered, back: str) -> Response:
    """On to a page of ours, signed in."""
    return _with_cookie(ask, ask.see_other(back), done)


def peer(ask: Ask) -> str:
    """The address of whoever is at the other end of the connection."""
    return ask.request.client.host if ask.request.client else ""


def agent(ask: Ask) -> str:
    """What the browser calls itself."""
    return ask.request.headers.get("user-agent", "")


async def _form(ask: Ask, back: str, *, refused: Unauthenticated | None = None, email: str = "") -> Response:
    possible = ask.hall.signing_in.passkeys_possible
    return await ask.page("sign_in.html", refused=refused, back=back, email=email, passkeys=possible)


def _with_cookie(ask: Ask, response: Response, done: Entered) -> Response:
    ask.house.cookies.set(response, Word.SESSION, done.cookie.reveal(), seconds=int(KEPT.total_seconds()))
    return response


def _json(body: bytes) -> dict[str, object]:
    try:
        said = json.loads(body)
    except ValueError:
        said = None
    if not isinstance(said, dict):
        raise Invalid(N_("This form could not be read. Load the page again."), code="malformed_form")
    return said
