"""YouTube, emulated as its documentation says: OAuth, the Data API v3, a little Analytics.

The sources of every fact are collected in the project's notes on YouTube; "row n" in this package is a row of their
table of rules for an emulator, "3.2" and the like a section of the notes.
"""

from playout_sandbox.youtube.service import YouTube

__all__ = ["YouTube"]
