"""What tests do in the person's place, below `/_sandbox/instagram/`: connect, disconnect, take down, be watched."""

from collections.abc import Mapping
from http import HTTPStatus

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from playout_sandbox.control import wishes
from playout_sandbox.hooks import Hook
from playout_sandbox.instagram.caller import SCOPES
from playout_sandbox.instagram.login import long_answer
from playout_sandbox.instagram.records import Grant, Media
from playout_sandbox.instagram.state import State
from playout_sandbox.meta import hub
from playout_sandbox.meta.records import Account, Life, Page
from playout_sandbox.meta.signed import ask_deletion, deauthorize_hook, signed_request

FACEBOOK_SCOPES = (
    "instagram_basic",
    "instagram_content_publish",
    "instagram_manage_insights",
    "pages_show_list",
    "pages_read_engagement",
    "business_management",
)


class Hand:
    """Each is a POST with a JSON object; 404 if it names something that does not exist."""

    def __init__(self, state: State) -> None:
        self._state = state

    def routes(self) -> list[BaseRoute]:
        """All of them."""
        deeds = {
            "/grant": self._grant,
            "/disconnect": self._disconnect,
            "/delete-data": self._delete_data,
            "/take-down": self._take_down,
            "/numbers": self._numbers,
            "/verify-webhook": self._verify_webhook,
            "/comment": self._comment,
        }
        return [Route(path, deed, methods=["POST"]) for path, deed in deeds.items()]

    async def _grant(self, request: Request) -> Response:
        """{creator?, scopes?, login?}: a long-lived token without the dance, and whom it is for."""
        wish = await wishes(request)
        account = self._account(wish)
        if wish.get("login", "instagram") == "facebook":
            return JSONResponse(self._facebook_grant(account, _scopes(wish, FACEBOOK_SCOPES)))
        scopes = _scopes(wish, SCOPES)
        token = self._state.issue(Grant(account.id, scopes), None, "token_issued", long=True)
        answer = {**long_answer(token), "user_id": account.id, "permissions": ",".join(scopes)}
        return JSONResponse(answer)

    def _facebook_grant(self, account: Account, scopes: tuple[str, ...]) -> dict[str, object]:
        """As if the person behind the linked Page had ticked it in the dialog."""
        meta = self._state.meta
        page = self._page(account)
        before = meta.logins.get(page.persons[0])
        ticked = {page.id} | (before.pages if before else set())
        login = meta.let_in(page.persons[0], set(scopes), set(FACEBOOK_SCOPES) - set(scopes), ticked)
        user = meta.user_token(login, Life.LONG)
        self._state.record("token_issued", None, creator=account.id, scopes=list(scopes), long=True)
        return {
            "access_token": user.value,
            "token_type": "bearer",
            "expires_in": int(user.expires - user.issued),
            "page_id": page.id,
            "page_token": meta.page_token(user, page).value,
            "user_id": account.id,
        }

    async def _disconnect(self, request: Request) -> Response:
        """{creator, login?}: the person removes the app (row 9); without `login`, both apps."""
        wish = await wishes(request)
        account, state = self._account(wish), self._state
        which = wish.get("login")
        if which != "facebook" and state.end_grants(account.id):
            state.record("disconnected", None, creator=account.id, login="instagram")
            config = state.config
            if config.deauthorize_url:
                state.world.hooks.send(
                    deauthorize_hook(
                        "instagram", config.deauthorize_url, config.client_secret, account.scoped_id, state.now
                    )
                )
        linked = next((p for p in state.meta.config.pages if p.instagram == account.id and p.persons), None)
        if which != "instagram" and linked and state.meta.remove(linked.persons[0]):
            state.record("disconnected", None, creator=account.id, login="facebook")
        return JSONResponse({"ok": True})

    async def _delete_data(self, request: Request) -> Response:
        """{creator}: the person asks for deletion; what the app answered, and whether it is what Meta wants."""
        account, config = self._account(await wishes(request)), self._state.config
        if not config.deletion_url:
            raise HTTPException(400, "deletion_url is not set")
        signed = signed_request(config.client_secret, account.scoped_id, self._state.now)
        reply = await ask_deletion(config.deletion_url, signed)
        return JSONResponse({"status": reply.status, "body": reply.body, "proper": reply.proper})

    async def _take_down(self, request: Request) -> Response:
        """{post_id}: the reel is gone. The quota does not come back."""
        state, media = self._state, self._media(await wishes(request))
        del state.media[media.id]
        state.world.feed.remove(media.id)
        state.record_on("taken_down", state.containers[media.container], post_id=media.id)
        return JSONResponse({"ok": True})

    async def _verify_webhook(self, _: Request) -> Response:
        """What Meta asks of a new webhook address."""
        config = self._state.config
        status, body = await hub.verify(config.webhook_url, config.webhook_token, hub.CHALLENGE)
        return JSONResponse({"verified": (status, body) == (HTTPStatus.OK, hub.CHALLENGE), "status": status})

    async def _comment(self, request: Request) -> Response:
        """{post_id, login?}: somebody says something below it. A webhook by the app of that login."""
        wish, state = await wishes(request), self._state
        media, url = self._media(wish), state.config.webhook_url
        through_page = wish.get("login", "instagram") == "facebook"
        secret = state.meta.config.client_secret if through_page else state.config.client_secret
        value = {"id": state.new_id("180"), "text": "Grüße", "media": {"id": media.id, "media_product_type": "REELS"}}
        if url:
            body = hub.body("instagram", media.account, int(state.now), [hub.Change("comments", value)])
            hook = Hook("instagram", "comments", url, body, hub.signer(secret), {"creator": media.account})
            state.world.hooks.send(hook)
        return JSONResponse({"ok": True})

    async def _numbers(self, request: Request) -> Response:
        """{post_id, views?, reach?, likes?, ...}: what insights answer from now on."""
        wish = await wishes(request)
        media = self._media(wish)
        told = {name: value for name, value in wish.items() if name in media.numbers and isinstance(value, int)}
        media.numbers.update(told)
        return JSONResponse(media.numbers)

    def _account(self, wish: Mapping[str, object]) -> Account:
        name = wish.get("creator")
        found = self._state.meta.config.accounts[0] if name is None else self._state.account(str(name))
        if found is None:
            raise HTTPException(404, "no such creator")
        return found

    def _page(self, account: Account) -> Page:
        pages = self._state.meta.config.pages
        found = next((page for page in pages if page.instagram == account.id and page.persons), None)
        if found is None:
            raise HTTPException(404, "no Page is linked to this account")
        return found

    def _media(self, wish: Mapping[str, object]) -> Media:
        found = self._state.media.get(str(wish.get("post_id")))
        if found is None:
            raise HTTPException(404, "no such post")
        return found


def _scopes(wish: Mapping[str, object], known: tuple[str, ...]) -> tuple[str, ...]:
    scopes = wish.get("scopes", list(known))
    if not isinstance(scopes, list) or not set(scopes) <= set(known):
        raise HTTPException(400, "scopes takes a list of scopes")
    return tuple(scopes)
