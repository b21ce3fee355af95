"""/tokens and /me: who may call, and who calls."""

from typing import Annotated

from fastapi import Depends, Request

from playout.api import schemas
from playout.api.hall import Caller, Hall
from playout.api.paging import Asked, paging
from playout.api.refusals import GUARDED, POSTED, refusals
from playout.api.routes import api_router, keep_instead
from playout.api.words import TokenId
from playout.domain.errors import Conflict
from playout.domain.person import Token

router = api_router("/tokens", "tokens")
me = api_router("/me", "me")

ALREADY = "This request has made a token already; its secret is shown once and not kept. Revoke it and make another."


@me.get("", responses=GUARDED)
async def myself(who: Caller, hall: Hall) -> schemas.Me:
    """What this token is. Any scope."""
    workspace = await hall.people.workspace(who)
    return schemas.Me(
        actor=schemas.MeActor(id=who.name, via=who.via),
        workspace=schemas.MeWorkspace(id=workspace.id, name=workspace.name),
        scopes=sorted(who.scopes),
    )


@router.get("", responses=GUARDED)
async def listed(
    who: Caller, hall: Hall, asked: Annotated[Asked, Depends(paging("tok"))]
) -> schemas.PageOf[schemas.Token]:
    """The workspace's tokens, newest first. Scope: admin."""
    return asked.answer(await hall.people.token_page(who, cursor=asked.cursor, limit=asked.limit), shown)


@router.post("", status_code=201, responses=POSTED)
async def mint(body: schemas.NewToken, request: Request, who: Caller, hall: Hall) -> schemas.MintedToken:
    """A new token with at most the scopes of its maker. `token` is shown this once. Scope: admin.

    No secret is kept for an Idempotency-Key: a repeat gets 409 `token_already_made`.
    """
    minted = await hall.people.mint(who, body.name, body.scopes, expires_at=body.expires_at)
    keep_instead(request, Conflict(ALREADY, code="token_already_made"))
    return schemas.MintedToken(**dict(shown(minted.token)), token=minted.secret.reveal())


@router.delete("/{token_id}", status_code=204, responses=GUARDED | refusals(404))
async def revoke(token_id: TokenId, who: Caller, hall: Hall) -> None:
    """Ends a token at once. Scope: admin."""
    await hall.people.revoke(who, token_id)


def shown(token: Token) -> schemas.Token:
    """As it is sent."""
    return schemas.Token(
        id=token.id,
        name=token.name,
        hint=token.hint,
        scopes=sorted(token.scopes),
        created_at=token.created_at,
        expires_at=token.expires_at,
        last_used_at=token.last_used_at,
    )
