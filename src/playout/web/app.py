"""The pages, put together: an ASGI application that expects to stand behind the gate of the REST face.

The gate checks the host, names the request and writes the log; here are the routes, the checks before a change, and
the headers that only pages have. The door puts the two side by side.
"""

from collections.abc import Sequence

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from playout.application.services import Services
from playout.web import (
    access,
    account,
    calendar,
    channels,
    composer,
    composer_clip,
    deliveries,
    health,
    joining,
    moving,
    needs_you,
    preferences,
    queue,
    results,
    sign_in,
    slots,
    static,
    uploads,
)
from playout.web.ask import Ask, House
from playout.web.cookies import Cookies
from playout.web.drawing import Looks
from playout.web.drawing import looks as shipped_looks
from playout.web.guards import origin_of
from playout.web.refusals import unrouted
from playout.web.routes import Pages, refused
from playout.web.visitors import Visitors

#: In this order: an exact path stands before a pattern that would match it too.
NOUNS: Sequence[Pages] = (
    joining.pages,
    account.pages,
    queue.pages,
    composer.pages,
    composer_clip.pages,
    uploads.pages,
    calendar.pages,
    moving.pages,
    slots.pages,
    sign_in.pages,
    preferences.pages,
    channels.pages,
    needs_you.pages,
    deliveries.pages,
    results.pages,
    health.pages,
    access.pages,
)


def create_web(
    services: Services,
    visitors: Visitors,
    *,
    public_url: str,
    looks: Looks | None = None,
    nouns: Sequence[Pages] = NOUNS,
) -> Starlette:
    """The pages under `/`, and what they load under `/static`.

    `public_url`: where people reach it; https there makes cookies `Secure` and asks browsers to stay with https.
    `looks`, `nouns`: other ones than those that are shipped.
    """
    looks = looks or shipped_looks()
    house = House(
        services=services,
        visitors=visitors,
        cookies=Cookies(secure=public_url.startswith("https:")),
        public_origin=origin_of(public_url),
        looks=looks,
    )

    async def lost(request: Request, error: Exception) -> Response:
        if not isinstance(error, HTTPException):
            raise error
        ask = await Ask.of(request, house)
        answer = await refused(ask, unrouted(error.status_code), status=error.status_code)
        answer.headers.update(error.headers or {})
        return ask.finish(answer)

    routes = [way.route(house) for noun in nouns for way in noun.ways]
    routes.append(Route(f"{static.ROOT}/{{hash}}/{{name:path}}", looks.static.answer))
    app = Starlette(routes=routes, exception_handlers={HTTPException: lost})
    app.router.redirect_slashes = False
    return app
