"""The cover of a video, chosen as a moment of it, for platforms that want it as a picture once the video is published.

Here: the option, the picture, and what a failure means then: it can neither fail nor repeat the publication, so it is
tried for a while, and at last a person is told. Not here: how each platform is sent it.
"""

from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from datetime import timedelta

from playout.application.ports import Task
from playout.domain.delivery import JsonValue
from playout.domain.errors import FileGone, PlayoutError, Problem, Unplayable
from playout.domain.limits import Choice
from playout.domain.retry import Kind, PlatformFailure, Turn
from playout.domain.video import Facts

OPTION = "cover_at_ms"
CHOICE = Choice(int)

#: Of trying again. The law gives up in silence after ten tries, which take longer than this.
_PATIENCE = timedelta(minutes=30)
_PIECE = 256 * 1024  # bytes
_TOO_SLOW = "too_slow"  # the one refusal of the probe that may be the machine's doing


# ── the option ───────────────────────────────────────────────────────────────────────────────────


def chosen(options: Mapping[str, JsonValue]) -> int | None:
    """Milliseconds from the start; None where the platform may choose."""
    at = options.get(OPTION)
    return at if isinstance(at, int) else None


def is_a_time(options: Mapping[str, JsonValue]) -> Problem | None:
    """A rule of `Limits`."""
    at = chosen(options)
    if at is None or 0 <= at < 2**31:
        return None
    return Problem("wrong_value", "/options/cover_at_ms", "“cover_at_ms” is a time in milliseconds from the start.")


def is_within(options: Mapping[str, JsonValue], facts: Facts) -> Problem | None:
    """A remark of `Limits` that stands in the way: there is no picture behind the end."""
    at = chosen(options)
    if at is None or is_a_time(options) or at < facts.duration * 1000:
        return None
    sentence = f"The video ends after {facts.duration:.1f} s: the cover cannot be taken from later."
    return Problem("cover_beyond_end", "/options/cover_at_ms", sentence)


# ── once it is published ─────────────────────────────────────────────────────────────────────────


async def give(task: Task, name: str, waited: timedelta, send: Callable[[bytes], Awaitable[None]]) -> None:
    """Takes the picture, a JPEG of at most 2 MiB, and sends it to platform `name`.

    `waited`: since the publication. `send` may raise `cover_refused` where it knows why. Raises AGAIN or LATER; and
    CHOOSE, which is a remark, at last or where it is refused.
    """
    try:
        await send(await task.frame(chosen(task.options) or 0))
    except (FileGone, Unplayable) as error:
        failure = _untaken(error, waited)
    except PlatformFailure as caught:
        failure = _unset(caught, name, waited)
    else:
        return
    raise failure


async def pieces(content: bytes) -> AsyncGenerator[bytes]:
    """As a body."""
    for at in range(0, len(content), _PIECE):
        yield content[at : at + _PIECE]


def _unset(failure: PlatformFailure, name: str, waited: timedelta) -> PlatformFailure:
    """Never the failure's own sentence where it ends here: it may speak of sending the post again.

    Never SIGN_IN either: that a channel is at its end is for a step to say that depends on it.
    """
    if failure.code == "cover_refused":  # the platform's own words for it
        return failure
    if failure.kind in {Kind.NEVER, Kind.CHOOSE}:
        sentence = f"It is published; but {name} did not take the chosen cover, and shows another. Set it there."
        return PlatformFailure(Kind.CHOOSE, "cover_refused", sentence, turn=Turn.YOU)
    if waited > _PATIENCE:
        sentence = f"It is published; but {name} could not be given the chosen cover, and shows another. Set it there."
        return PlatformFailure(Kind.CHOOSE, "cover_not_set", sentence, turn=Turn.YOU)
    kind = Kind.LATER if failure.kind is Kind.LATER else Kind.AGAIN
    return PlatformFailure(kind, failure.code, failure.sentence, turn=failure.turn, retry_at=failure.retry_at)


def _untaken(error: PlayoutError, waited: timedelta) -> PlatformFailure:
    if error.code == _TOO_SLOW and waited <= _PATIENCE:
        return PlatformFailure(Kind.AGAIN, error.code, "The picture for the cover could not be taken in time.")
    sentence = (
        "It is published; but the chosen cover could not be taken from the video, so the platform shows another. Set "
        "it there."
    )
    return PlatformFailure(Kind.CHOOSE, "cover_not_taken", sentence, turn=Turn.YOU)
