"""The demo's other self: a program that drives Playout through its API, knowing nothing but an address and a token."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TypeAlias

import aiohttp

from playout.domain.delivery import JsonValue
from playout.domain.errors import PlayoutError
from playout.domain.secret import Secret

Record: TypeAlias = Mapping[str, JsonValue]


class Client:
    """Raises PlayoutError for every refusal."""

    def __init__(self, session: aiohttp.ClientSession, url: str, token: Secret) -> None:
        self._session = session
        self._api = f"{url}/api/v1"
        self._token = token

    async def get(self, path: str) -> Record:
        """One thing."""
        async with self._session.get(self._api + path, headers=self._headers()) as answer:
            return await _body(answer)

    async def items(self, path: str) -> Sequence[Record]:
        """The first page of a list."""
        listed = (await self.get(path))["items"]
        return [one for one in listed if isinstance(one, Mapping)] if isinstance(listed, list) else []

    async def post(self, path: str, body: Record) -> Record:
        """Makes a thing."""
        async with self._session.post(self._api + path, json=body, headers=self._headers()) as answer:
            return await _body(answer)

    async def send_file(self, path: str, file: Path) -> Record:
        """Streams a file."""
        with file.open("rb") as opened:
            query = {"filename": file.name}
            async with self._session.post(
                self._api + path, params=query, data=opened, headers=self._headers()
            ) as answer:
                return await _body(answer)

    async def visit(self, url: str) -> None:
        """What a browser does with an address: follows it to the end. No token goes along."""
        async with self._session.get(url) as answer:
            if answer.status >= 400:  # noqa: PLR2004 -- the first status that is an error
                raise PlayoutError(f"The sign-in ended with status {answer.status}.", code="demo")

    def _headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self._token.reveal()}"}


async def _body(answer: aiohttp.ClientResponse) -> Record:
    body: Record = json.loads(await answer.read())
    if answer.status >= 400:  # noqa: PLR2004 -- as above
        raise PlayoutError(text(body, "detail"), code=text(body, "code"))
    return body


def text(record: Record, name: str) -> str:
    """A field that is text."""
    return str(record.get(name) or "")
