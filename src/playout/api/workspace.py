"""/workspace: what holds for all posts of a workspace, and its end."""

from datetime import timedelta

from fastapi import Response

from playout.api import deletions, etags, schemas, schemas_erasure
from playout.api.hall import Caller, Hall
from playout.api.refusals import ETAG, GUARDED, POSTED, Responses, refusals
from playout.api.routes import api_router
from playout.domain.person import Workspace

router = api_router("/workspace", "workspace")

_TAGGED = {"headers": ETAG}
_ADDRESS = {"description": "Where it can be asked how far it is.", "schema": {"type": "string"}}
_BEGUN: Responses = {202: {"headers": {"Location": _ADDRESS}}}


@router.get("", responses=GUARDED | {200: _TAGGED})
async def one(who: Caller, hall: Hall, response: Response) -> schemas.Workspace:
    """The workspace of this token. Scope: read."""
    return _tagged(await hall.workspaces.get(who), response)


@router.patch("", responses=POSTED | refusals(412) | {200: _TAGGED})
async def change(
    body: schemas.WorkspaceChange, who: Caller, hall: Hall, response: Response, if_match: etags.IfMatch
) -> schemas.Workspace:
    """Changes what is given. Scope: admin."""
    version = (await hall.people.workspace(who)).version
    etags.match(if_match, etags.make(version))
    changed = await hall.workspaces.change(
        who,
        late_posts=body.late_posts,
        late_after_hours=body.late_after_hours,
        approval=body.approval,
        version=version if if_match else None,
    )
    return _tagged(changed, response)


@router.delete("", status_code=202, responses=GUARDED | refusals(415, 422) | _BEGUN)
async def erase(
    response: Response, who: Caller, hall: Hall, body: schemas_erasure.Farewell | None = None
) -> schemas_erasure.WorkspaceDeletion:
    """Deletes the workspace and all that is in it, for good. Scope: admin.

    Every token ends before the answer, this one too; what is scheduled is not sent any more. The rest goes in the
    background: `Location` says how far it is, without a token.
    """
    begun = await hall.erasure.begin(who, body.confirm if body else None)
    response.headers["Location"] = f"/api/v1/deletions/{begun.id}"
    return deletions.shown(begun)


def shown(one: Workspace) -> schemas.Workspace:
    """As it is sent."""
    return schemas.Workspace(
        id=one.id,
        name=one.name,
        late_posts=one.late_posts,
        late_after_hours=one.late_after / timedelta(hours=1),
        approval=one.approval,
    )


def _tagged(one: Workspace, response: Response) -> schemas.Workspace:
    response.headers["ETag"] = etags.make(one.version)
    return shown(one)
