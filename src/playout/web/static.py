"""Files that pages load: read once at the start, served from memory under an address that changes with them.

The address holds one hash over all files, `/static/<hash>/js/theme.js`: so modules may import each other, and style
sheets and icons may be named, by plain relative paths, without a build step. Under the current hash a browser keeps
them for a year; under an old one (a page from before an upgrade) it gets what there is now, and asks again next time.
"""

import gzip
import hashlib
import mimetypes
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from starlette.requests import Request
from starlette.responses import Response

FOLDER = Path(__file__).parent / "static"
LOCK = Path(__file__).parent / "vendor.lock"
ROOT = "/static"
#: Under this many bytes, squeezing gains nothing.
WORTH_IT = 860
_SUFFIXES = frozenset({".css", ".js", ".svg", ".png", ".ico", ".webmanifest", ".woff2"})
_SQUEEZED = frozenset({".css", ".js", ".svg", ".webmanifest"})
_TYPES = {".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml"}
_FOREVER = "public, max-age=31536000, immutable"


@dataclass(frozen=True, slots=True)
class File:
    """One of them."""

    content: bytes
    squeezed: bytes | None  # by gzip, where that helps
    media_type: str


@dataclass(frozen=True, slots=True)
class Static:
    """All of them. `locked`: of those that others wrote, what vendor.lock says (Subresource Integrity)."""

    files: Mapping[str, File]  # by path below the folder, `js/theme.js`
    locked: Mapping[str, str] = field(default_factory=dict)
    hash: str = ""

    def url(self, name: str) -> str:
        """Where browsers get it. Raises KeyError for a file that there is not."""
        self.files[name]
        return f"{ROOT}/{self.hash}/{name}"

    def integrity(self, name: str) -> str:
        """For the attribute `integrity` of what others wrote. Raises KeyError for what is not locked."""
        return self.locked[name]

    def icons(self) -> frozenset[str]:
        """The names of the symbols in icons.svg."""
        return frozenset(re.findall(r'<symbol id="([^"]+)"', self.files["icons.svg"].content.decode()))

    async def answer(self, request: Request) -> Response:
        """The file of the path parameters `hash` and `name`, or 404."""
        file = self.files.get(request.path_params["name"])
        if file is None:
            return Response("There is no such file.", 404, media_type="text/plain")
        kept = request.path_params["hash"] == self.hash
        headers = {"Cache-Control": _FOREVER if kept else "no-cache", "Vary": "Accept-Encoding"}
        if file.squeezed and takes_gzip(request):
            return Response(file.squeezed, headers=headers | {"Content-Encoding": "gzip"}, media_type=file.media_type)
        return Response(file.content, headers=headers, media_type=file.media_type)


def load(folder: Path = FOLDER, lock: Path = LOCK) -> Static:
    """Reads and squeezes them. Takes some hundredths of a second."""
    paths = sorted(path for path in folder.rglob("*") if path.suffix in _SUFFIXES)
    files = {path.relative_to(folder).as_posix(): _file(path) for path in paths}
    whole = hashlib.sha256()
    for name, file in files.items():
        whole.update(f"{name}\0{len(file.content)}\0".encode() + file.content)
    return Static(files, _locked(lock), whole.hexdigest()[:12])


def takes_gzip(request: Request) -> bool:
    """Whether the client understands it."""
    told = request.headers.get("accept-encoding", "").lower().split(",")
    return any(one.split(";")[0].strip() == "gzip" and "q=0" not in one.replace(" ", "").split(";") for one in told)


def _file(path: Path) -> File:
    content = path.read_bytes()
    squeezed = gzip.compress(content, 9, mtime=0) if path.suffix in _SQUEEZED and len(content) >= WORTH_IT else None
    kind = _TYPES.get(path.suffix) or mimetypes.guess_type(path.name)[0] or "application/octet-stream"
    return File(content, squeezed, kind)


def _locked(lock: Path) -> dict[str, str]:
    entries = (line.partition("  ") for line in lock.read_text(encoding="utf-8").splitlines())
    return {name.partition("/static/")[2]: told for told, _, name in entries if "/static/" in name}
