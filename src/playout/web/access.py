"""What programs get in and hear by: API tokens and webhooks. Their secrets are shown once, in the answer itself."""

from starlette.responses import Response

from playout.domain.errors import Invalid
from playout.domain.person import Scope
from playout.web.ask import Ask
from playout.web.health import drawn
from playout.web.marks import N_
from playout.web.routes import Pages
from playout.web.toasts import Toast, Undo

pages = Pages()


@pages.post("/health/tokens")
async def mint(ask: Ask) -> Response:
    """A new token: no redirect, so that it is nowhere but in this answer."""
    scopes = [one for one in Scope if one in ask.form.getlist("scope")]
    try:
        minted = await ask.hall.people.mint(ask.actor, ask.said("name"), scopes)
    except Invalid as refused:
        return await drawn(ask, refused=refused, said={"name": ask.said("name"), "scopes": scopes})
    return await drawn(ask, minted=minted)


@pages.post("/health/tokens/{token_id}/revoke")
async def revoke(ask: Ask) -> Response:
    """Ends it at once."""
    await ask.hall.people.revoke(ask.actor, ask.request.path_params["token_id"])
    return ask.see_other("/health#tokens", toast=Toast(ask.translated("Revoked: nobody gets in with it any more.")))


@pages.post("/health/webhooks")
async def create(ask: Ask) -> Response:
    """A new webhook for all kinds of events, and its key."""
    try:
        made = await ask.hall.webhooks.create(ask.actor, ask.said("url").strip())
    except Invalid as refused:
        return await drawn(ask, refused=refused, said={"url": ask.said("url")})
    return await drawn(ask, made=made)


@pages.post("/health/webhooks/{webhook_id}/switch")
async def switch(ask: Ask) -> Response:
    """On or off."""
    webhook_id, on = ask.request.path_params["webhook_id"], ask.said("on") == "yes"
    await ask.hall.webhooks.change(ask.actor, webhook_id, None, enabled=on)
    sentence = ask.translated(N_("Switched on.") if on else N_("Switched off: nothing is sent there."))
    undo = Undo(f"/health/webhooks/{webhook_id}/switch", {"on": "no" if on else "yes"})
    return ask.see_other("/health#webhooks", toast=Toast(sentence, undo=undo))


@pages.post("/health/webhooks/{webhook_id}/test")
async def test(ask: Ask) -> Response:
    """Sends one message now, and says what became of it."""
    sending = await ask.hall.webhooks.test(ask.actor, ask.request.path_params["webhook_id"])
    if sending.state == "delivered":
        toast = Toast(ask.translated("The test message arrived."))
    else:
        toast = Toast(
            ask.translated("The test message did not arrive. Is the address right, and does it answer 2xx?"), "wrong"
        )
    return ask.see_other("/health#webhooks", toast=toast)


@pages.post("/health/webhooks/{webhook_id}/remove")
async def remove(ask: Ask) -> Response:
    """With its log."""
    await ask.hall.webhooks.remove(ask.actor, ask.request.path_params["webhook_id"])
    return ask.see_other("/health#webhooks", toast=Toast(ask.translated("The webhook is gone.")))
