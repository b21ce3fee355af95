"""The address of a table: `dynamodb://TABLE?region=…[&endpoint=http://…]`."""

import re
from dataclasses import dataclass
from urllib.parse import parse_qsl, urlsplit

from playout.domain.errors import Misconfigured

#: As AWS names tables.
_TABLE = re.compile(r"[A-Za-z0-9_.-]{3,255}")


@dataclass(frozen=True, slots=True)
class Address:
    """Which table, and where. `endpoint` None: AWS's own for the region."""

    table: str
    region: str
    endpoint: str | None = None


def parse(url: str) -> Address:
    """Raises Misconfigured with the mend. Keys never stand in it: they come from where AWS's tools look for them."""
    parts = urlsplit(url)
    options = dict(parse_qsl(parts.query))
    for name in options.keys() - {"region", "endpoint"}:
        raise Misconfigured(f"PLAYOUT_DATABASE_URL has an unknown option “{name}”. Known are region and endpoint.")
    if not _TABLE.fullmatch(parts.netloc) or parts.path.strip("/"):
        raise Misconfigured("PLAYOUT_DATABASE_URL names no table. Write dynamodb://TABLE?region=eu-central-1.")
    if not options.get("region"):
        raise Misconfigured("PLAYOUT_DATABASE_URL needs the region of the table: add ?region=eu-central-1.")
    return Address(parts.netloc, options["region"], options.get("endpoint"))
