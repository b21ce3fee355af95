"""Playout: schedules short videos and publishes each of them exactly once.

`python -m playout` and the `playout` command are the door (`__main__`); STYLE.md shows the rooms behind it. Nothing
but the version lives here on purpose: importing the package costs nothing.
"""

__version__ = "0.1.0"
