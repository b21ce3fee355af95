"""What a host calls a file, made fit to be shown. Never used as a path."""

import re
from email.message import Message
from urllib.parse import unquote

LONGEST = 200
#: A path may end in a secret rather than in a name; a name that tells its kind is taken for one.
_NAMED = re.compile(r".*[^.]\.[A-Za-z0-9]{2,4}")

#: The form that holds any script comes before the plain one (RFC 6266 4.3).
_EXTENDED = re.compile(r"(?i:filename\*\s*=\s*utf-8'[a-z0-9-]*')([^;\s\"']+)")


def named(disposition: str | None, path: str) -> str | None:
    """By the header Content-Disposition (RFC 6266), else by the last step of the path if that looks like a file."""
    name = _cleaned(_disposed(disposition)) if disposition else ""
    if name:
        return name
    last = _cleaned(unquote(path.partition("?")[0].rpartition("/")[2], errors="ignore"))
    return last if _NAMED.fullmatch(last) else None


def _disposed(disposition: str) -> str:
    extended = _EXTENDED.search(disposition)
    if extended:
        return unquote(extended[1], errors="ignore")
    parsed = Message()
    try:
        parsed["Content-Disposition"] = disposition
        return parsed.get_filename("")
    except (ValueError, LookupError, TypeError):  # whatever a header can hold
        return ""


def _cleaned(name: str) -> str:
    """No path, no control characters, nothing that turns the direction of writing."""
    base = name.replace("\\", "/").rpartition("/")[2]
    return "".join(letter for letter in base if letter.isprintable())[:LONGEST].strip()
