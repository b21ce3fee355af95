"""The body of a part of a long video, or of a cover: a form with the bytes as its file, streamed.

Source: Meta's own SDK (video_uploader); the guide of today shows another way that gives no handle before it publishes.
"""

import secrets
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping

_PART = 'name="video_file_chunk"; filename="chunk"'


class Chunk:
    """A multipart/form-data body whose last field is a file of `length` bytes. `file`: the names of field and file."""

    def __init__(
        self,
        fields: Mapping[str, str],
        read: Callable[[], AsyncIterator[bytes]],
        length: int,
        *,
        file: str = _PART,
        media_type: str = "application/octet-stream",
    ) -> None:
        boundary = secrets.token_hex(16)
        head = "".join(
            f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
            for name, value in fields.items()
        )
        about = f"Content-Disposition: form-data; {file}\r\nContent-Type: {media_type}"
        self._head = f"{head}--{boundary}\r\n{about}\r\n\r\n".encode()
        self._foot = f"\r\n--{boundary}--\r\n".encode()
        self._read = read
        self.content_type = f"multipart/form-data; boundary={boundary}"
        self.length = len(self._head) + length + len(self._foot)

    async def stream(self) -> AsyncGenerator[bytes]:
        """The whole body, once. Whoever stops in the middle has stopped the reading too."""
        yield self._head
        pieces = self._read()
        try:
            async for piece in pieces:
                yield piece
        finally:
            close = getattr(pieces, "aclose", None)
            if close is not None:
                await close()
        yield self._foot
