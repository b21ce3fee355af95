"""/posts: one video, its wording, where it goes and when."""

from dataclasses import asdict, replace
from typing import Annotated

from fastapi import Depends, Response

from playout.api import deliveries, etags, schemas
from playout.api.hall import Caller, Hall, MadeId
from playout.api.paging import Asked, paging
from playout.api.refusals import ETAG, GUARDED, POSTED, refusals
from playout.api.routes import api_router
from playout.api.words import PostId
from playout.application.posts import NewPost, as_new
from playout.application.shown import Shown
from playout.domain.errors import Problem
from playout.domain.post import Destination, Post, state_of
from playout.domain.preflight import blocking

router = api_router("/posts", "posts")

_TAGGED = {"headers": ETAG}


@router.get("", responses=GUARDED)
async def listed(
    who: Caller, hall: Hall, asked: Annotated[Asked, Depends(paging("pst"))]
) -> schemas.PageOf[schemas.Post]:
    """The workspace's posts, newest first. Scope: read."""
    return asked.answer(await hall.posts.list(who, cursor=asked.cursor, limit=asked.limit), shown)


@router.post("", status_code=201, responses=POSTED | {201: _TAGGED})
async def create(
    body: schemas.NewPost,
    who: Caller,
    hall: Hall,
    response: Response,
    post_id: Annotated[str | None, Depends(MadeId("pst"))],
) -> schemas.Post:
    """A draft (scope: write), or a post that goes out at its time (scopes: read, publish)."""
    return _tagged(await hall.posts.create(who, _wanted(body), post_id=post_id), response)


@router.post("/validate", responses=POSTED)
async def validate(body: schemas.NewPost, who: Caller, hall: Hall) -> schemas.Verdict:
    """Whether this post could be sent, with every problem and remark. Creates nothing. Scope: read."""
    problems = await hall.posts.validate(who, _wanted(body))
    return schemas.Verdict(ok=not blocking(problems), problems=[_finding(one) for one in problems])


@router.get("/{post_id}", responses=GUARDED | refusals(404) | {200: _TAGGED})
async def one(post_id: PostId, who: Caller, hall: Hall, response: Response) -> schemas.Post:
    """One post with its deliveries. Scope: read."""
    return _tagged(await hall.posts.get(who, post_id), response)


@router.patch("/{post_id}", responses=POSTED | refusals(404, 412) | {200: _TAGGED})
async def change(
    post_id: PostId,
    body: schemas.PostChange,
    who: Caller,
    hall: Hall,
    response: Response,
    if_match: etags.IfMatch,
) -> schemas.Post:
    """Changes the fields that are given, as long as nothing of it is being sent.

    Scopes: read, and write for a draft, publish for what is scheduled.
    """
    before = await hall.posts.get(who, post_id)
    etags.match(if_match, _etag(shown(before)))
    new = _changed(before.post, body)
    return _tagged(await hall.posts.edit(who, post_id, new, before.post.version), response)


@router.delete("/{post_id}", status_code=204, responses=GUARDED | refusals(404, 409))
async def remove(post_id: PostId, who: Caller, hall: Hall) -> None:
    """Deletes it here, never at a platform. Refused while something of it moves. Scopes: read, write."""
    await hall.posts.remove(who, post_id)


@router.post("/{post_id}/schedule", responses=POSTED | refusals(404) | {200: _TAGGED})
async def schedule(
    post_id: PostId, who: Caller, hall: Hall, response: Response, body: schemas.Scheduling | None = None
) -> schemas.Post:
    """Sends a draft at its time, or moves a waiting post to another. Scopes: read, publish."""
    body = body or schemas.Scheduling()
    slot = body.slot is not None
    return _tagged(await hall.posts.schedule(who, post_id, body.scheduled_at, slot=slot), response)


@router.post("/{post_id}/cancel", responses=POSTED | refusals(404) | {200: _TAGGED})
async def cancel(post_id: PostId, who: Caller, hall: Hall, response: Response) -> schemas.Post:
    """Takes back what is not yet at a platform; 409 where nothing can be taken back. Scopes: read, publish."""
    return _tagged(await hall.posts.cancel(who, post_id), response)


@router.post("/{post_id}/approve", responses=POSTED | refusals(404, 412) | {200: _TAGGED})
async def approve(
    post_id: PostId,
    who: Caller,
    hall: Hall,
    response: Response,
    if_match: etags.IfMatch,
    body: schemas.Approving | None = None,
) -> schemas.Post:
    """Sends what waits for approval at its time; 409 where nothing waits. Scopes: read, publish."""
    before = await hall.posts.get(who, post_id)
    etags.match(if_match, _etag(shown(before)))
    at = body.scheduled_at if body else None
    return _tagged(await hall.posts.approve(who, post_id, at, before.post.version if if_match else None), response)


@router.post("/{post_id}/reject", responses=POSTED | refusals(404, 412) | {200: _TAGGED})
async def reject(
    post_id: PostId,
    who: Caller,
    hall: Hall,
    response: Response,
    if_match: etags.IfMatch,
    body: schemas.Rejection | None = None,
) -> schemas.Post:
    """Makes what waits for approval a draft again, with a word why. Scopes: read, publish."""
    before = await hall.posts.get(who, post_id)
    etags.match(if_match, _etag(shown(before)))
    note = body.note if body else ""
    return _tagged(await hall.posts.reject(who, post_id, note, before.post.version if if_match else None), response)


# ── in ───────────────────────────────────────────────────────────────────────────────────────────


def _wanted(body: schemas.NewPost) -> NewPost:
    return NewPost(
        video_id=body.video_id,
        caption=body.caption,
        destinations=tuple(map(_destination, body.destinations)),
        title=body.title,
        hashtags=tuple(body.hashtags),
        scheduled_at=body.scheduled_at,
        timezone=body.timezone,
        draft=body.draft,
        slot=body.slot is not None,
    )


def _changed(post: Post, body: schemas.PostChange) -> NewPost:
    """The post as it stands, and over it what was given."""
    given = {name: getattr(body, name) for name in body.model_fields_set}
    if "destinations" in given:
        given["destinations"] = tuple(map(_destination, body.destinations))
    if "hashtags" in given:
        given["hashtags"] = tuple(body.hashtags)
    return replace(as_new(post), **given)


def _destination(body: schemas.NewDestination) -> Destination:
    return Destination(body.channel_id, body.caption, body.title, body.options, fit=body.fit)


# ── out ──────────────────────────────────────────────────────────────────────────────────────────


def shown(one: Shown) -> schemas.Post:
    """As it is sent."""
    post = one.post
    return schemas.Post(
        id=post.id,
        state=state_of(post, one.deliveries),
        caption=post.caption,
        title=post.title,
        hashtags=list(post.hashtags),
        scheduled_at=post.scheduled_at,
        timezone=post.timezone,
        video_id=post.video_id,
        destinations=[
            schemas.Destination(
                channel_id=to.channel_id, caption=to.caption, title=to.title, options=dict(to.options), fit=to.fit
            )
            for to in post.destinations
        ],
        deliveries=list(map(deliveries.shown, one.deliveries)),
        approval=schemas.Approval(**asdict(post.approval)) if post.approval else None,
        created_at=post.created_at,
        version=post.version,
    )


def _tagged(one: Shown, response: Response) -> schemas.Post:
    told = shown(one)
    response.headers["ETag"] = _etag(told)
    return told


def _etag(post: schemas.Post) -> str:
    """Its deliveries go on by themselves, in versions of their own."""
    return etags.make(post.version, *post.deliveries)


def _finding(one: Problem) -> schemas.Finding:
    return schemas.Finding(
        channel_id=one.channel_id,
        code=one.code,
        field=one.field,
        message=one.message,
        fix=one.fix,
        severity="warning" if one.warning else "error",
    )
