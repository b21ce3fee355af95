"""/posts: one video, its wording, where it goes and when."""

from dataclasses import replace
from typing import Annotated

from fastapi import Depends, Header, Response

from playout.api import deliveries, schemas
from playout.api.hall import Caller, Hall, MadeId
from playout.api.paging import Asked, Paging
from playout.api.refusals import ETAG, GUARDED, POSTED, refusals
from playout.api.routes import api_router
from playout.api.words import PostId
from playout.application.posts import NewPost, Shown, as_new
from playout.domain.errors import Problem, Stale
from playout.domain.post import Destination, Post, state_of
from playout.domain.preflight import blocking

router = api_router("/posts", "posts")

_TAGGED = {"headers": ETAG}
IfMatch = Annotated[str | None, Header(description="Only if this is still its ETag; else 412.")]


@router.get("", responses=GUARDED)
async def listed(
    who: Caller, hall: Hall, asked: Annotated[Asked, Depends(Paging("pst"))]
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
    """A draft (scope: write), or a post that goes out at its time (scope: publish)."""
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
    if_match: IfMatch = None,
) -> schemas.Post:
    """Changes the fields that are given, as long as nothing of it is being sent.

    Scopes: read, and write for a draft, publish for what is scheduled.
    """
    before = (await hall.posts.get(who, post_id)).post
    if if_match is not None and not _matches(if_match, before):
        raise Stale
    return _tagged(await hall.posts.edit(who, post_id, _changed(before, body), before.version), response)


@router.delete("/{post_id}", status_code=204, responses=GUARDED | refusals(404, 409))
async def remove(post_id: PostId, who: Caller, hall: Hall) -> None:
    """Deletes it here, never at a platform. Refused while something of it moves. Scopes: read, write."""
    await hall.posts.remove(who, post_id)


@router.post("/{post_id}/schedule", responses=POSTED | refusals(404) | {200: _TAGGED})
async def schedule(
    post_id: PostId, who: Caller, hall: Hall, response: Response, body: schemas.Scheduling | None = None
) -> schemas.Post:
    """Sends a draft at its time, or moves a waiting post to another. Scopes: read, publish."""
    return _tagged(await hall.posts.schedule(who, post_id, body.scheduled_at if body else None), response)


@router.post("/{post_id}/cancel", responses=POSTED | refusals(404) | {200: _TAGGED})
async def cancel(post_id: PostId, who: Caller, hall: Hall, response: Response) -> schemas.Post:
    """Takes back what is not yet at a platform; 409 where nothing can be taken back. Scopes: read, publish."""
    return _tagged(await hall.posts.cancel(who, post_id), response)


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


def _matches(if_match: str, post: Post) -> bool:
    return if_match.strip() == "*" or _etag(post) in [tag.strip() for tag in if_match.split(",")]


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
        created_at=post.created_at,
        version=post.version,
    )


def _tagged(one: Shown, response: Response) -> schemas.Post:
    response.headers["ETag"] = _etag(one.post)
    return shown(one)


def _etag(post: Post) -> str:
    return f'"v{post.version}"'


def _finding(one: Problem) -> schemas.Finding:
    return schemas.Finding(
        channel_id=one.channel_id,
        code=one.code,
        field=one.field,
        message=one.message,
        fix=one.fix,
        severity="warning" if one.warning else "error",
    )
