"""One's own account, and who else is in the workspace: sessions, members, invitations."""

from starlette.responses import Response

from playout.application import sessions
from playout.domain.errors import Invalid, NotFound, PlayoutError
from playout.domain.person import Role, Scope
from playout.domain.secret import Secret
from playout.web.ask import Ask
from playout.web.marks import N_
from playout.web.routes import Pages
from playout.web.toasts import Toast

pages = Pages()

ACCOUNT = "/account"
ROLES = (
    (Role.OWNER, N_("Owner: everything, people and deletion too")),
    (Role.APPROVER, N_("Approver: publishes, and approves what others ask for")),
    (Role.EDITOR, N_("Editor: makes posts; publishes unless the workspace asks for approval")),
    (Role.VIEWER, N_("Viewer: looks")),
)


@pages.get(ACCOUNT)
async def account(ask: Ask) -> Response:
    """All of it on one page."""
    return await _page(ask)


@pages.post(f"{ACCOUNT}/name")
async def call(ask: Ask) -> Response:
    """Another name."""
    await ask.hall.account.call(_me(ask), ask.said("name"))
    return _done(ask, N_("Saved."))


@pages.post(f"{ACCOUNT}/password")
async def change_password(ask: Ask) -> Response:
    """Another password; all other browsers are signed out."""
    try:
        await ask.hall.account.change_password(_me(ask), Secret(ask.said("old")), Secret(ask.said("new")))
    except Invalid as refused:
        return await _page(ask, refused=refused)
    return _done(ask, N_("The password is changed. All other browsers are signed out."))


@pages.post(f"{ACCOUNT}/sessions/{{session_id}}/end")
async def end(ask: Ask) -> Response:
    """Signs another browser out."""
    await ask.hall.sessions.end(_me(ask).person, ask.request.path_params["session_id"])
    return _done(ask, N_("Signed out there."))


@pages.post(f"{ACCOUNT}/workspace")
async def enter(ask: Ask) -> Response:
    """Goes to another workspace."""
    await ask.hall.sessions.enter(_me(ask).session, ask.said("workspace_id"))
    return ask.see_other("/")


# ── people ───────────────────────────────────────────────────────────────────────────────────────


@pages.post("/people/invite")
async def invite(ask: Ask) -> Response:
    """A link, shown this once."""
    try:
        sent = await ask.hall.membership.invite(ask.actor, _role(ask), ask.said("email"))
    except Invalid as refused:
        return await _page(ask, refused=refused)
    return await _page(ask, link=f"{ask.house.public_origin}/join/{sent.secret.reveal()}")


@pages.post("/people/invitations/{invitation_id}/withdraw")
async def withdraw(ask: Ask) -> Response:
    """The link leads nowhere any more."""
    await ask.hall.membership.withdraw(ask.actor, ask.request.path_params["invitation_id"])
    return _done(ask, N_("The invitation is withdrawn."))


@pages.post("/people/{person_id}/role")
async def change_role(ask: Ask) -> Response:
    """Counts from the next page on."""
    await ask.hall.membership.change_role(ask.actor, ask.request.path_params["person_id"], _role(ask))
    return _done(ask, N_("Saved."))


@pages.post("/people/{person_id}/remove")
async def remove(ask: Ask) -> Response:
    """Their sessions here end."""
    await ask.hall.membership.remove_member(ask.actor, ask.request.path_params["person_id"])
    return _done(ask, N_("Removed."))


async def _page(ask: Ask, *, refused: PlayoutError | None = None, link: str = "") -> Response:
    me = _me(ask)
    may_invite = Scope.ADMIN in ask.actor.scopes
    return await ask.page(
        "account.html",
        refused=refused,
        link=link,
        me=me,
        sessions=await ask.hall.sessions.list(me.person),
        workspaces=await ask.hall.sessions.workspaces(me.person),
        seats=await ask.hall.membership.members(ask.actor),
        invitations=await ask.hall.membership.invitations(ask.actor) if may_invite else (),
        may_invite=may_invite,
        roles=ROLES,
    )


def _me(ask: Ask) -> sessions.Visitor:
    """The session. Raises NotFound for a visitor who has none (in tests of other pages)."""
    if ask.visitor.entered is None:
        raise NotFound(N_("There is no account behind this sign-in."))
    return ask.visitor.entered


def _role(ask: Ask) -> Role:
    try:
        return Role(ask.said("role"))
    except ValueError:
        raise Invalid(N_("Choose a role."), code="unknown_role") from None


def _done(ask: Ask, sentence: str) -> Response:
    return ask.see_other(ACCOUNT, toast=Toast(ask.translated(sentence)))
