"""/workspace: what holds for all posts of a workspace."""

from datetime import timedelta

from playout.api import schemas
from playout.api.hall import Caller, Hall
from playout.api.refusals import GUARDED, refusals
from playout.api.routes import api_router
from playout.domain.person import Workspace

router = api_router("/workspace", "workspace")


@router.get("", responses=GUARDED)
async def one(who: Caller, hall: Hall) -> schemas.Workspace:
    """The workspace of this token. Scope: read."""
    return shown(await hall.workspaces.get(who))


@router.patch("", responses=GUARDED | refusals(412, 422))
async def change(body: schemas.WorkspaceChange, who: Caller, hall: Hall) -> schemas.Workspace:
    """Changes what is given. Scope: admin."""
    changed = await hall.workspaces.change(who, late_posts=body.late_posts, late_after_hours=body.late_after_hours)
    return shown(changed)


def shown(one: Workspace) -> schemas.Workspace:
    """As it is sent."""
    return schemas.Workspace(
        id=one.id, name=one.name, late_posts=one.late_posts, late_after_hours=one.late_after / timedelta(hours=1)
    )
