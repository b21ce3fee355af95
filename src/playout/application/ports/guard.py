"""What is asked right before anything leaves the house: whether whoever sends it may still do so.

A process can stand still for any time at any point, also between its own last check and the socket. So the check goes
with the work, by its context, and is made where the bytes leave.
"""

from collections.abc import Callable
from contextvars import ContextVar


def _nobody_minds() -> None:
    """Work that is no step: a question of a face, a sign-in."""


#: Raises LostHand once the work that this runs in is somebody else's.
STILL_OURS: ContextVar[Callable[[], None]] = ContextVar("still_ours", default=_nobody_minds)
