"""/deletions: what became of a deleted workspace, without a token: there is none left, and nobody can guess the id."""

from typing import Annotated

from fastapi import APIRouter, Path
from pydantic import AfterValidator

from playout.api import schemas_erasure
from playout.api.hall import Hall
from playout.api.refusals import refusals
from playout.api.words import known_form
from playout.application.deletions import Deletion

router = APIRouter(prefix="/deletions", tags=["deletions"])

DeletionId = Annotated[str, AfterValidator(known_form("del")), Path(description="Id of a deletion: del_…")]


@router.get("/{deletion_id}", responses=refusals(404))
async def one(deletion_id: DeletionId, hall: Hall) -> schemas_erasure.WorkspaceDeletion:
    """How far it is, for whoever knows its id."""
    return shown(await hall.erasure.get(deletion_id))


def shown(deletion: Deletion) -> schemas_erasure.WorkspaceDeletion:
    """As it is sent."""
    return schemas_erasure.WorkspaceDeletion(
        id=deletion.id,
        state=deletion.state,
        started_at=deletion.started_at,
        finished_at=deletion.finished_at,
        counts=dict(deletion.counts),
    )
