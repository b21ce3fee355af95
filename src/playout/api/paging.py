"""Pages of lists: `limit` and `cursor` in, `items`, `next_cursor` and a Link header out."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Annotated, Any, TypeVar
from urllib.parse import urlencode

from fastapi import Query, Request, Response
from pydantic import BeforeValidator
from pydantic.config import JsonDict

from playout.api.schemas import PageOf
from playout.api.words import Told, id_pattern
from playout.application.ports import Page
from playout.domain.errors import Invalid, Problem
from playout.domain.ids import is_id

MOST = 200
#: For the OpenAPI document: the header of a list.
LINK: dict[str, Any] = {
    "description": "The next page, where there is one.",
    "schema": {"type": "string"},
    "example": '</api/v1/posts?limit=50&cursor=pst_01kae7q2m3v5x8y9z0abcdefgh>; rel="next"',
}
_CURSOR = (
    "`next_cursor` of the page before, or the `id` of any item of this list: the page begins after it. A history grows "
    "at its end: ask again with the `id` of the last event that you have seen, and you get what came since."
)

R = TypeVar("R")
T = TypeVar("T", bound=Told)


@dataclass(frozen=True, slots=True)
class Asked:
    """Which page is wanted, and where the address of the next one is to be noted."""

    request: Request
    response: Response
    cursor: str | None
    limit: int

    def answer(self, page: Page[R], show: Callable[[R], T]) -> PageOf[T]:
        """The page as it is sent."""
        if page.next_cursor:
            query = [(name, value) for name, value in self.request.query_params.multi_items() if name != "cursor"]
            address = f"{self.request.scope['path']}?{urlencode([*query, ('cursor', page.next_cursor)])}"
            self.response.headers["Link"] = f'<{address}>; rel="next"'
        return PageOf(items=[show(one) for one in page.items], next_cursor=page.next_cursor)


def paging(prefix: str) -> Callable[..., Awaitable[Asked]]:
    """A dependency: a page of things whose ids begin with `prefix`."""
    form: JsonDict = {"pattern": id_pattern(prefix)}

    async def asked(
        request: Request,
        response: Response,
        limit: Annotated[int, Query(ge=1, le=MOST, description="At most so many."), BeforeValidator(_digits)] = 50,
        cursor: Annotated[str | None, Query(description=_CURSOR, json_schema_extra=form)] = None,
    ) -> Asked:
        if cursor is not None and not is_id(cursor, prefix):
            sentence = "This is no cursor. Take `next_cursor` of the page before or an item's `id`, or leave it out."
            raise Invalid(sentence, code="bad_cursor", problems=[Problem("bad_cursor", "", sentence)])
        return Asked(request, response, cursor, limit)

    return asked


def _digits(value: object) -> object:
    """Python reads more as a number than others do: blanks of every kind, `1_0`, other scripts' digits."""
    if isinstance(value, str) and not (value.isascii() and value.isdigit()):
        msg = "Input should be a whole number."
        raise ValueError(msg)
    return value
