"""What happened to a delivery, in plain words; and whose turn it is."""

from collections.abc import Mapping
from dataclasses import dataclass

from playout.domain.event import Event
from playout.domain.retry import Turn
from playout.web.marks import N_

TURNS: Mapping[Turn, str] = {
    Turn.YOU: N_("Your turn: you can mend this."),
    Turn.PLATFORM: N_("The platform’s turn: only it can change this."),
    Turn.US: N_("Playout’s turn: whoever runs it can mend this."),
}


@dataclass(frozen=True, slots=True)
class Told:
    """One kind of event. `tone` as of states."""

    sentence: str
    icon: str
    tone: str = "quiet"


KINDS: Mapping[str, Told] = {
    "delivery.waiting": Told(N_("Put off: Playout comes back to it by itself"), "clock"),
    "delivery.sending": Told(N_("Sending began"), "cloud-upload", "accent"),
    "delivery.processing": Told(N_("The platform has everything and works on it"), "loader-circle", "accent"),
    "delivery.published": Told(N_("Published"), "circle-check", "good"),
    "delivery.handed_over": Told(N_("Handed over, to be finished on the phone"), "smartphone", "accent"),
    "delivery.held": Told(N_("Held until a person acts"), "circle-pause", "warn"),
    "delivery.released": Told(N_("Let go again"), "play", "accent"),
    "delivery.unconfirmed": Told(N_("The outcome is not known; a person has to look"), "circle-question-mark", "warn"),
    "delivery.checking": Told(N_("The platform is asked once more"), "search", "accent"),
    "delivery.resolved": Told(N_("A person looked and said what is so"), "user", "accent"),
    "delivery.retried": Told(N_("To be sent again from the start"), "rotate-ccw", "accent"),
    "delivery.failed": Told(N_("Failed"), "circle-x", "bad"),
    "delivery.cancelled": Told(N_("Cancelled"), "circle-slash"),
    "delivery.remark": Told(N_("Something to know about what is published"), "info", "warn"),
}


def told(event: Event) -> Told:
    """How it is told; a kind that is not known here by its own name."""
    return KINDS.get(event.kind, Told(event.kind, "info"))
