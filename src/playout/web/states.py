"""How the states of posts and deliveries look: a word, an icon and a tone, never a colour alone."""

from collections.abc import Mapping
from dataclasses import dataclass

from playout.domain.delivery import State
from playout.domain.post import PostState
from playout.web.marks import N_


@dataclass(frozen=True, slots=True)
class Look:
    """Of one state. `tone`: quiet, accent, good, warn or bad."""

    label: str
    icon: str
    tone: str


DELIVERIES: Mapping[State, Look] = {
    State.WAITING: Look(N_("Scheduled"), "clock", "quiet"),
    State.SENDING: Look(N_("Sending"), "cloud-upload", "accent"),
    State.PROCESSING: Look(N_("Processing at the platform"), "loader-circle", "accent"),
    State.PUBLISHED: Look(N_("Published"), "circle-check", "good"),
    State.HANDED_OVER: Look(N_("Finish it on the phone"), "smartphone", "accent"),
    State.HELD: Look(N_("Held: needs you"), "circle-pause", "warn"),
    State.UNCONFIRMED: Look(N_("Unconfirmed: needs you"), "circle-question-mark", "warn"),
    State.FAILED: Look(N_("Failed"), "circle-x", "bad"),
    State.CANCELLED: Look(N_("Cancelled"), "circle-slash", "quiet"),
}

POSTS: Mapping[PostState, Look] = {
    PostState.DRAFT: Look(N_("Draft"), "pencil", "quiet"),
    PostState.AWAITING_APPROVAL: Look(N_("Awaiting approval"), "hourglass", "warn"),
    PostState.SCHEDULED: Look(N_("Scheduled"), "clock", "quiet"),
    PostState.PUBLISHING: Look(N_("Publishing"), "send", "accent"),
    PostState.PUBLISHED: Look(N_("Published"), "circle-check", "good"),
    PostState.PARTIALLY_PUBLISHED: Look(N_("Partially published"), "circle-alert", "warn"),
    PostState.NEEDS_YOU: Look(N_("Needs you"), "bell", "warn"),
    PostState.FAILED: Look(N_("Failed"), "circle-x", "bad"),
    PostState.CANCELLED: Look(N_("Cancelled"), "circle-slash", "quiet"),
}


def look(state: State | PostState) -> Look:
    """How it is shown. The label is still to be translated."""
    return DELIVERIES[state] if isinstance(state, State) else POSTS[state]
