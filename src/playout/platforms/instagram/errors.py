"""What Instagram's codes of publishing mean: for each its kind, whose turn it is, and the sentence a person reads.

Here: the table that is laid over the codes which Facebook and Instagram share, and the verdict on a container that
failed. Not here: those shared codes and the look-up (meta/errors.py), what a step does about a failure (publishing.py).
Sources: Error Codes of the Instagram Platform (June 2026), its table complete; field reports where marked.
"""

import re
from datetime import timedelta

from playout.domain.retry import Kind, PlatformFailure, Turn
from playout.platforms.meta import Codes, Meaning

NAME = "Instagram"
HOUR = timedelta(hours=1)

#: The container is not ready: the only refusal of a publication after which it is simply published later.
NOT_READY = "graph_9007_2207027"
#: Creating a container failed because the file was not there for Instagram: another container, a few times.
NOT_FETCHED = {"graph_9004_2207052", "graph_m2_2207003", "graph_m1_2207077"}

_SUBCODE = re.compile(r"\b22[0-9]{5}\b")

_FAULT = Meaning(
    Kind.AGAIN, Turn.PLATFORM, "{name} failed while it worked on the video; nothing was published.", certain=False
)
_NOT_FETCHED = Meaning(
    Kind.AGAIN,
    Turn.US,
    "{name} could not fetch the video from this server; nothing was published. Whoever runs it must make PUBLIC_URL "
    "reachable from the internet.",
    certain=False,
)
_TOO_OLD = Meaning(
    Kind.AGAIN, Turn.PLATFORM, "{name} no longer has what was sent to it; nothing was published.", certain=False
)
_NO_CONTAINER = Meaning(Kind.AGAIN, Turn.PLATFORM, "{name} does not find what was sent to it.", certain=False)
_BAD_QUESTION = Meaning(
    Kind.NEVER, Turn.US, "{name} did not understand what we sent. This is our mistake; please report it."
)
_COVER = "{name} does not take the cover. Choose another picture of the video, then it goes on."
_CAPTION = Meaning(
    Kind.CHOOSE,
    Turn.YOU,
    "{name} takes at most 2200 characters and 30 hashtags in a caption. Shorten it, then it goes on.",
)
_NOT_ALLOWED = Meaning(
    Kind.SIGN_IN,
    Turn.YOU,
    "The account lacks a permission at {name}: to be seen, or to have reels published by Playout. Connect it again and "
    "leave every permission ticked.",
)
_SPAM = (
    "{name} has blocked what this account does, as a protection against spam. Look into the Instagram app for a notice "
    "about the account; once it is settled there, let the post go on."
)
_FORMAT = Meaning(
    Kind.NEVER,
    Turn.YOU,
    "{name} does not take the file's format. Let Playout make a copy that fits, or save the video as MP4 with H.264 "
    "and AAC, and send it again.",
)

#: (None, subcode): subcodes of publishing mean the same with every code.
CODES: Codes = {
    (-2, None): _FAULT,
    (-1, None): _FAULT,
    (None, 2207001): _FAULT,
    (None, 2207003): _NOT_FETCHED,
    (None, 2207004): Meaning(Kind.CHOOSE, Turn.YOU, _COVER),
    (None, 2207005): Meaning(Kind.CHOOSE, Turn.YOU, _COVER),
    (None, 2207006): _NO_CONTAINER,
    (None, 2207008): _NO_CONTAINER,
    (None, 2207009): Meaning(Kind.CHOOSE, Turn.YOU, _COVER),
    (None, 2207010): _CAPTION,
    (None, 2207020): _TOO_OLD,
    (None, 2207023): _BAD_QUESTION,
    (None, 2207026): _FORMAT,
    (None, 2207027): Meaning(Kind.AGAIN, Turn.PLATFORM, "{name} is still working on the video."),
    (None, 2207028): _BAD_QUESTION,  # of carousels, which are never sent
    (None, 2207029): _CAPTION,  # field reports
    (None, 2207032): _FAULT,
    (None, 2207035): _BAD_QUESTION,  # of product tags, which are never sent
    (None, 2207036): _BAD_QUESTION,
    (None, 2207037): _BAD_QUESTION,
    (None, 2207040): Meaning(
        Kind.CHOOSE, Turn.YOU, "The caption names more accounts than {name} takes (20). Shorten it, then it goes on."
    ),
    (None, 2207042): Meaning(
        Kind.LATER,
        Turn.PLATFORM,
        "{name} takes no more posts from this account for now (all apps count together). It is tried again by itself.",
        HOUR,
    ),
    (None, 2207050): Meaning(
        Kind.CHOOSE,
        Turn.YOU,
        "{name} has restricted this account. Open the Instagram app and settle it there, then let the post go on.",
    ),
    # A publication that is answered so went live all the same (field report, 2026).
    (None, 2207051): Meaning(Kind.CHOOSE, Turn.YOU, _SPAM, certain=False),
    (None, 2207052): _NOT_FETCHED,
    (None, 2207053): _FAULT,
    (None, 2207057): Meaning(
        Kind.CHOOSE, Turn.YOU, "The cover must be taken from within the video. Choose another time, then it goes on."
    ),
    (None, 2207076): _FAULT,  # field reports, as the next three
    (None, 2207077): _NOT_FETCHED,
    (None, 2207081): _BAD_QUESTION,  # of trial reels, which are never sent
    (None, 2207082): _FAULT,
    (10, None): _NOT_ALLOWED,
    (24, None): _NO_CONTAINER,
    (200, None): _NOT_ALLOWED,  # with it all of 200 to 299
    (352, None): _FORMAT,
    (9004, None): _NOT_FETCHED,
    (36000, None): Meaning(Kind.CHOOSE, Turn.YOU, _COVER),
    (36001, None): Meaning(Kind.CHOOSE, Turn.YOU, _COVER),
    (36003, None): Meaning(Kind.CHOOSE, Turn.YOU, _COVER),
    (36004, None): _CAPTION,
    # Shared codes that say less here: code 4 is also that of the spam block, and the others may come after the fact.
    (4, None): Meaning(
        Kind.LATER,
        Turn.PLATFORM,
        "This server's app may ask {name} nothing more for now. It goes on by itself.",
        certain=False,
    ),
    (368, None): Meaning(
        Kind.LATER,
        Turn.YOU,
        "{name} has blocked this account from doing that for a while. Look into the Instagram app for a notice about "
        "the account; it is tried again by itself.",
        3 * HOUR,
        certain=False,
    ),
    (506, None): Meaning(
        Kind.NEVER,
        Turn.YOU,
        "{name} takes this for a repeat of the last post. Change the caption, then send it again.",
        certain=False,
    ),
}


def container_failed(status: str) -> PlatformFailure:
    """Why a container ended in ERROR. `status` is a subcode in digits, or prose with one in it, or prose alone."""
    found = _SUBCODE.search(status)
    meaning = CODES.get((None, int(found[0]))) if found else None
    code = f"media_{found[0]}" if found else "media_failed"
    known = meaning or _FAULT
    return PlatformFailure(known.kind, code, known.sentence.format(name=NAME), turn=known.turn)
