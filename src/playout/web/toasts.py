"""What a page says once, in passing: "Moved to Tue 18:30. Undo".

After a redirect it travels in a cookie, signed with the visitor's key, so that nobody else can put words or an Undo on
a page; after an htmx request it comes with the fragment.
"""

import base64
import binascii
import hmac
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field

from playout.domain.secret import Secret

#: Seconds that an Undo is offered.
UNDO_SECONDS = 10
#: Seconds that the cookie lives: until the next page.
LIVES = 60
#: A cookie may have 4 kB with all.
MOST = 3000


@dataclass(frozen=True, slots=True)
class Undo:
    """A form that takes it back: POST to `path` with `fields`."""

    path: str
    fields: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Toast:
    """A sentence, translated already. With `undo` it goes after 10 seconds, else when somebody closes it."""

    sentence: str
    kind: str = "done"  # done, info or wrong: an icon and a word for those who do not see colours
    undo: Undo | None = None


def packed(toast: Toast, key: Secret) -> str:
    """For the cookie; "" where it would not fit."""
    body = base64.urlsafe_b64encode(json.dumps(asdict(toast)).encode())
    text = f"{body.decode()}.{_signed(body, key)}"
    return text if len(text) <= MOST else ""


def unpacked(text: str, key: Secret) -> Toast | None:
    """What was packed with this key; None for all else."""
    body, _, signature = text.partition(".")
    if not hmac.compare_digest(signature.encode(), _signed(body.encode(), key).encode()):
        return None
    try:
        told = json.loads(base64.urlsafe_b64decode(body))
    except (ValueError, binascii.Error):
        return None
    undo = Undo(**told["undo"]) if told["undo"] else None
    return Toast(told["sentence"], told["kind"], undo)


def _signed(body: bytes, key: Secret) -> str:
    return hmac.digest(key.reveal().encode(), b"toast\0" + body, "sha256").hex()
