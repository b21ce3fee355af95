"""A page with everything that pages are made of: each part is looked at before a screen uses it."""

from collections.abc import AsyncGenerator
from pathlib import Path

from starlette.responses import Response

from playout.domain.delivery import State
from playout.domain.errors import Conflict
from playout.domain.post import PostState
from playout.web import live
from playout.web.ask import Ask
from playout.web.routes import Pages
from playout.web.toasts import Toast, Undo

FOLDER = Path(__file__).parent / "gallery"
pages = Pages()


@pages.get("/gallery")
async def gallery(ask: Ask) -> Response:
    return await ask.page("gallery.html", states=[*State, *PostState])


@pages.post("/gallery")
async def said(ask: Ask) -> Response:
    if ask.said("refuse"):
        raise Conflict("It is published already.")
    toast = Toast("Saved.", undo=Undo("/gallery/undo", {"title": "before"}))
    if ask.by_htmx:
        return ask.fragment("said.html", toast=toast, said=ask.said("title"))
    return ask.see_other("/gallery", toast=toast)


@pages.post("/gallery/undo")
async def undo(ask: Ask) -> Response:
    return ask.see_other("/gallery", toast=Toast(f"Back to {ask.said('title')}."))


@pages.get("/gallery/live")
async def changes(ask: Ask) -> Response:
    async def pieces() -> AsyncGenerator[live.Piece]:
        yield live.Piece('<span data-announce="62 per cent">62 %</span>')
        await ask.hall.clock.sleep(1)  # the cast's clock stands: the line stays open

    return live.stream(pieces())
