"""/channels: connected accounts."""

from typing import Annotated

from fastapi import Depends, Request

from playout.api import schemas
from playout.api.hall import Caller, Hall
from playout.api.offers import ChannelOptions, offered
from playout.api.paging import Asked, paging
from playout.api.refusals import GUARDED, POSTED, refusals
from playout.api.routes import api_router, keep_instead
from playout.api.words import ChannelId
from playout.domain.channel import Channel
from playout.domain.retry import Reason

router = api_router("/channels", "channels")


@router.get("", responses=GUARDED)
async def listed(
    who: Caller, hall: Hall, asked: Annotated[Asked, Depends(paging("chn"))]
) -> schemas.PageOf[schemas.Channel]:
    """The workspace's channels, newest first. Scope: read."""
    page = await hall.channels.list(who, cursor=asked.cursor, limit=asked.limit)
    return asked.answer(page, lambda one: shown(one, hall))


@router.post("/connect", status_code=201, responses=POSTED)
async def connect(body: schemas.Connect, request: Request, who: Caller, hall: Hall) -> schemas.Invitation:
    """Begins a sign-in: open `authorize_url` in a browser within ten minutes. Scope: publish.

    The address holds a one-time secret, so it is not kept for an Idempotency-Key: a repeat begins another sign-in.
    """
    invitation = await hall.channels.connect(who, body.platform, login=body.login, return_to=body.return_to)
    keep_instead(request, None)
    return schemas.Invitation(authorize_url=invitation.authorize_url, expires_at=invitation.expires_at)


@router.get("/{channel_id}", responses=GUARDED | refusals(404))
async def one(channel_id: ChannelId, who: Caller, hall: Hall) -> schemas.Channel:
    """One channel. Scope: read."""
    return shown(await hall.channels.get(who, channel_id), hall)


@router.get("/{channel_id}/options", responses=GUARDED | refusals(404, 409, 502))
async def options(channel_id: ChannelId, who: Caller, hall: Hall) -> ChannelOptions:
    """What the platform offers this account right now, asked live, and what it takes from anybody. Scope: read."""
    return offered(await hall.channels.offer(who, channel_id))


@router.delete("/{channel_id}", status_code=204, responses=GUARDED | refusals(404, 409, 502))
async def disconnect(channel_id: ChannelId, who: Caller, hall: Hall) -> None:
    """Revokes the grant at the platform, then deletes it and its key. What is scheduled is held. Scope: publish."""
    await hall.channels.disconnect(who, channel_id)


def shown(channel: Channel, hall: Hall) -> schemas.Channel:
    """As it is sent."""
    return schemas.Channel(
        id=channel.id,
        platform=channel.platform,
        remote_id=channel.profile.remote_id,
        username=channel.profile.username,
        display_name=channel.profile.display_name,
        avatar_url=channel.profile.avatar_url,
        state=channel.state(hall.clock.now()),
        scopes=list(channel.scopes),
        expires_at=channel.expires_at,
        last_published_at=channel.last_published_at,
        connected_at=channel.connected_at,
        created_at=channel.created_at,
        reason=reason(channel.trouble),
    )


def reason(why: Reason | None) -> schemas.Reason | None:
    """As it is sent, here and with deliveries."""
    return schemas.Reason(code=why.code, message=why.message, whose_turn=why.whose_turn) if why else None
