"""How long to wait before the next question, or the next try, within one step after the other."""

from datetime import timedelta


def growing(times: int) -> timedelta:
    """0, 1, 3, 7 … 60 seconds."""
    return timedelta(seconds=min((1 << min(times, 6)) - 1, 60))


def halved(waited: timedelta, least: timedelta, most: timedelta) -> timedelta:
    """Half of what was waited already: about ten questions in the first minute, then ever fewer."""
    return min(max(waited / 2, least), most)
