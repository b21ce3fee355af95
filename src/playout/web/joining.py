"""Coming for the first time: the owner of a new installation, and whoever was invited, each by a link of their own."""

from starlette.responses import Response

from playout.application.joining import Newcomer
from playout.application.membership import Welcome
from playout.domain.errors import Conflict, Invalid, PlayoutError
from playout.domain.secret import Secret
from playout.web.ask import Ask
from playout.web.marks import N_
from playout.web.routes import Pages
from playout.web.sign_in import agent, entered
from playout.web.toasts import Toast
from playout.web.visitors import Visitor

pages = Pages()


@pages.get("/first/{secret}", guests=True)
async def first(ask: Ask) -> Response:
    """Whoever holds the machine becomes its owner."""
    await ask.hall.membership.first(_secret(ask))
    return await ask.page("joining.html", welcome=None, email="", name="")


@pages.post("/first/{secret}", guests=True)
async def found(ask: Ask) -> Response:
    """Makes the owner, and signs them in."""
    try:
        person = await ask.hall.membership.found(_secret(ask), _newcomer(ask))
    except Invalid as refused:
        return await _again(ask, refused, None)
    done = await ask.hall.sessions.begin(person, agent(ask))
    return entered(ask, done, "/")


@pages.get("/join/{secret}", guests=True)
async def invited(ask: Ask) -> Response:
    """What one is invited to, and by whom."""
    welcome = await ask.hall.membership.invited(_secret(ask))
    return await ask.page("joining.html", welcome=welcome, email=welcome.invitation.email, name="")


@pages.post("/join/{secret}", guests=True)
async def join(ask: Ask) -> Response:
    """Somebody new, who is signed in afterwards; or whoever is signed in already."""
    if isinstance(ask.who, Visitor) and ask.who.entered:
        await ask.hall.membership.join_as(_secret(ask), ask.who.entered)
        return ask.see_other(
            "/account", toast=Toast(ask.translated(N_("You have joined. Choose the workspace below.")))
        )
    try:
        person = await ask.hall.membership.join(_secret(ask), _newcomer(ask))
    except (Invalid, Conflict) as refused:
        return await _again(ask, refused, await ask.hall.membership.invited(_secret(ask)))
    return entered(ask, await ask.hall.sessions.begin(person, agent(ask)), "/")


async def _again(ask: Ask, refused: PlayoutError, welcome: Welcome | None) -> Response:
    """The form, with what was said and what is wrong with it."""
    return await ask.page(
        "joining.html", refused=refused, welcome=welcome, email=ask.said("email"), name=ask.said("name")
    )


def _secret(ask: Ask) -> Secret:
    return Secret(ask.request.path_params["secret"])


def _newcomer(ask: Ask) -> Newcomer:
    return Newcomer(ask.said("email"), Secret(ask.said("password")), ask.said("name"))
