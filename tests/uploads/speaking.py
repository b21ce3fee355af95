"""tus as a client speaks it, over the application itself or over a socket: requests by their bare headers."""

import base64
import hashlib
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass

import httpx

UPLOADS = "/api/v1/uploads"
TUS = {"Tus-Resumable": "1.0.0"}
BYTES = {"Content-Type": "application/offset+octet-stream"}


def checksum(content: bytes, algorithm: str = "sha1") -> dict[str, str]:
    digest = hashlib.new(algorithm, content, usedforsecurity=False).digest()
    return {"Upload-Checksum": f"{algorithm} {base64.b64encode(digest).decode()}"}


def metadata(filename: str) -> dict[str, str]:
    return {"Upload-Metadata": f"filename {base64.b64encode(filename.encode()).decode()},filetype dmlkZW8vbXA0"}


@dataclass
class Client:
    """One token's uploads."""

    http: httpx.AsyncClient

    async def create(self, length: int | None = None, content: bytes = b"", **more: str) -> httpx.Response:
        size = {"Upload-Defer-Length": "1"} if length is None else {"Upload-Length": str(length)}
        return await self.post(TUS | size | (BYTES if content else {}) | named(more), content)

    async def post(self, headers: Mapping[str, str], content: bytes = b"") -> httpx.Response:
        return await self.http.post(UPLOADS, headers=headers, content=content)

    async def new(self, length: int | None = None, **more: str) -> str:
        """Its address."""
        answer = await self.create(length, b"", **more)
        assert answer.status_code == 201, answer.text
        return answer.headers["location"]

    async def patch(
        self, address: str, offset: int | str, content: bytes | AsyncIterator[bytes], **more: str
    ) -> httpx.Response:
        headers = TUS | BYTES | {"Upload-Offset": str(offset)} | named(more)
        return await self.http.patch(address, headers=headers, content=content)

    async def broken_patch(
        self, address: str, offset: int, content: bytes, missing: int, **more: str
    ) -> httpx.Response:
        """As one whose connection breaks before the last bytes."""

        async def some() -> AsyncIterator[bytes]:
            yield content

        return await self.patch(address, offset, some(), **more, Content_Length=str(len(content) + missing))

    async def head(self, address: str) -> httpx.Response:
        return await self.http.head(address, headers=TUS)

    async def offset(self, address: str) -> int:
        answer = await self.head(address)
        assert answer.status_code == 200, answer.status_code
        return int(answer.headers["upload-offset"])

    async def delete(self, address: str) -> httpx.Response:
        return await self.http.delete(address, headers=TUS)


def named(headers: Mapping[str, str]) -> dict[str, str]:
    """Upload_Offset → Upload-Offset."""
    return {name.replace("_", "-"): value for name, value in headers.items()}
