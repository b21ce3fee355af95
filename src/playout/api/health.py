"""/livez and /readyz: for whoever watches the process. No token: they say nothing about anybody."""

from fastapi import APIRouter

from playout.api import schemas
from playout.api.hall import Hall
from playout.api.refusals import refusals

router = APIRouter(tags=["health"])


@router.get("/livez", responses=refusals())
async def livez() -> schemas.Health:
    """The process answers."""
    return schemas.Health()


@router.get("/readyz", responses=refusals())
async def readyz(hall: Hall) -> schemas.Health:
    """The store answers too."""
    await hall.store.ping()
    return schemas.Health()
