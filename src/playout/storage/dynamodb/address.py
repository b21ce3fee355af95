"""The address of a table: `dynamodb://TABLE?region=…[&endpoint=http://…]`."""

import re
from dataclasses import dataclass
from urllib.parse import parse_qsl, urlsplit

from playout.domain.errors import Misconfigured

#: As AWS names tables.
_TABLE = re.compile(r"[A-Za-z0-9_.-]{3,255}")
_REGION = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_HOST = re.compile(r"([A-Za-z0-9_.-]+|\[[0-9A-Fa-f:.]+\])(:[0-9]+)?")


@dataclass(frozen=True, slots=True)
class Address:
    """Which table, and where. `endpoint` None: AWS's own for the region."""

    table: str
    region: str
    endpoint: str | None = None


def parse(url: str) -> Address:
    """Raises Misconfigured with the mend. Keys never stand in it: they come from where AWS's tools look for them."""
    try:
        parts = urlsplit(url)
    except ValueError:  # a bracket that is not closed
        raise _no_table() from None
    options = dict(parse_qsl(parts.query, keep_blank_values=True))
    if not _TABLE.fullmatch(parts.netloc) or parts.path.strip("/") or parts.fragment:
        raise _no_table()
    for name in options.keys() - {"region", "endpoint"}:
        raise Misconfigured(f"PLAYOUT_DATABASE_URL has an unknown option “{name}”. Known are region and endpoint.")
    region, endpoint = options.get("region", ""), options.get("endpoint")
    if not _REGION.fullmatch(region):
        raise Misconfigured("PLAYOUT_DATABASE_URL needs the region of the table: add ?region=eu-central-1.")
    if endpoint is not None and not _is_address(endpoint):
        raise Misconfigured("The endpoint in PLAYOUT_DATABASE_URL is no address. Write it with https:// and its host.")
    return Address(parts.netloc, region, endpoint)


def _no_table() -> Misconfigured:
    return Misconfigured("PLAYOUT_DATABASE_URL names no table. Write dynamodb://TABLE?region=eu-central-1.")


def _is_address(endpoint: str) -> bool:
    try:
        parts = urlsplit(endpoint)
        return parts.scheme in {"http", "https"} and bool(_HOST.fullmatch(parts.netloc)) and parts.port != 0
    except ValueError:  # a bracket, or a port that is none
        return False
