"""How this room says no. No sentence holds an address, a host's name, or a word of an answer."""

from playout.domain.errors import Invalid, Problem

#: Where the address stands in what was sent to us.
FIELD = "/url"


def wrong(code: str, sentence: str) -> Invalid:
    """A repeat changes nothing: another address is needed, or another host."""
    return Invalid(sentence, code=code, problems=[Problem(code, FIELD, sentence)])
