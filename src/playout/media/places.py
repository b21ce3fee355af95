"""Which bucket of S3 an address names, and on which host it answers. Nothing is connected to here."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import SplitResult, parse_qsl, urlsplit

from playout.domain.errors import Misconfigured

#: As AWS names buckets ("General purpose bucket naming rules"), with the capitals that MinIO takes.
_BUCKET = re.compile(r"[A-Za-z0-9][A-Za-z0-9.-]{1,61}[A-Za-z0-9]")
_PREFIX = re.compile(r"(/[A-Za-z0-9_-][A-Za-z0-9_.-]*)*/?")
_REGION = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_HOST = re.compile(r"([A-Za-z0-9_.-]+|\[[0-9A-Fa-f:.]+\])(:[0-9]+)?")
_OPTIONS = {"region", "endpoint", "style"}


@dataclass(frozen=True, slots=True)
class Place:
    """A part of a bucket. `endpoint` None: AWS. `virtual`: the bucket is part of the host's name, not of the path."""

    bucket: str
    prefix: str
    region: str
    endpoint: str | None
    virtual: bool

    @property
    def host(self) -> str:
        """Where requests go, with scheme; with the bucket where it is part of the name.

        AWS: the host of the region, since any other redirects, which breaks the signature.
        """
        suffix = "amazonaws.com.cn" if self.region.startswith("cn-") else "amazonaws.com"
        scheme, _, name = (self.endpoint or f"https://s3.{self.region}.{suffix}").rstrip("/").partition("://")
        return f"{scheme}://{self.bucket}.{name}" if self.virtual else f"{scheme}://{name}"


def parse(url: str) -> Place:
    """Raises Misconfigured with the mend. Keys never stand in the address."""
    try:
        parts = urlsplit(url)
    except ValueError:  # a bracket that is not closed
        raise _not_understood() from None
    options = dict(parse_qsl(parts.query, keep_blank_values=True))
    if not _BUCKET.fullmatch(parts.netloc) or not _PREFIX.fullmatch(parts.path) or parts.fragment:
        raise _not_understood()
    for name in options.keys() - _OPTIONS:
        raise Misconfigured(f"FILES_URL has an unknown option {name!r}. Known are region, endpoint and style.")
    region, endpoint = options.get("region", ""), options.get("endpoint")
    if not _REGION.fullmatch(region):
        raise Misconfigured("FILES_URL needs the region of the bucket: add ?region=… (auto for R2).")
    if region == "auto" and not endpoint:
        raise Misconfigured("FILES_URL needs the endpoint of the bucket, since AWS has no region auto: add &endpoint=…")
    if endpoint is not None and not _is_address(endpoint):
        raise Misconfigured("The endpoint in FILES_URL is no address. Write it with https:// and its host.")
    return Place(parts.netloc, parts.path.strip("/"), region, endpoint, _virtual(parts, options))


def _not_understood() -> Misconfigured:
    return Misconfigured("FILES_URL is not understood. Write s3://BUCKET/PREFIX?region=…")


def _is_address(endpoint: str) -> bool:
    try:
        parts = urlsplit(endpoint)
        return parts.scheme in {"http", "https"} and bool(_HOST.fullmatch(parts.netloc)) and parts.port != 0
    except ValueError:  # a bracket, or a port that is none
        return False


def _virtual(parts: SplitResult, options: Mapping[str, str]) -> bool:
    match options.get("style"):
        case "virtual":
            return True
        case "path":
            return False
        case None:  # a dot in the bucket's name: AWS's certificates are for one level of names only
            return "endpoint" not in options and "." not in parts.netloc
        case _:
            raise Misconfigured("The style in FILES_URL is virtual or path: whether the bucket is part of the host.")
