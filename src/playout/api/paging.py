"""Pages of lists: `limit` and `cursor` in, `items`, `next_cursor` and a Link header out."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, TypeVar
from urllib.parse import urlencode

from fastapi import Query, Request, Response

from playout.api.schemas import PageOf
from playout.api.words import Told
from playout.application.ports import Page
from playout.domain.errors import Invalid, Problem
from playout.domain.ids import is_id

MOST = 200

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


class Paging:
    """A dependency: a page of things whose ids begin with `prefix`."""

    def __init__(self, prefix: str) -> None:
        self._prefix = prefix

    async def __call__(
        self,
        request: Request,
        response: Response,
        limit: Annotated[int, Query(ge=1, le=MOST, description="At most so many.")] = 50,
        cursor: Annotated[str | None, Query(description="`next_cursor` of the page before.")] = None,
    ) -> Asked:
        if cursor is not None and not is_id(cursor, self._prefix):
            sentence = "This is no cursor. Take `next_cursor` of the page before, or leave it out."
            raise Invalid(sentence, code="bad_cursor", problems=[Problem("bad_cursor", "", sentence)])
        return Asked(request, response, cursor, limit)
