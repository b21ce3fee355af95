"""Where one can go: the rooms of the pages, in the order of the side bar."""

from dataclasses import dataclass

from playout.web.marks import N_


@dataclass(frozen=True, slots=True)
class Place:
    """An entry."""

    name: str  # what a page says it is: `place="queue"`
    path: str
    label: str
    icon: str
    keys: str = ""  # `g q`: g, then q
    handy: bool = False  # in the bar at the bottom of a phone


PLACES = (
    Place("queue", "/", N_("Queue"), "list-video", "g q", handy=True),
    Place("calendar", "/calendar", N_("Calendar"), "calendar-days", "g c", handy=True),
    Place("needs-you", "/needs-you", N_("Needs you"), "bell", "g a", handy=True),
    Place("channels", "/channels", N_("Channels"), "tv", "g h"),
    Place("results", "/results", N_("Results"), "chart-no-axes-column", "g r"),
    Place("health", "/health", N_("Health"), "heart-pulse", "g s"),
)
#: Where a new post begins.
COMPOSER = "/posts/new"
