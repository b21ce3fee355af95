"""Instagram Reels, emulated as Meta's documentation says: Instagram Login, containers, publishing, insights.

The sources of every fact are collected in the project's notes on Instagram; "row n" in this package is a row of their
table of rules for an emulator, "4.1" and the like a section of the notes.
"""

from playout_sandbox.instagram.service import Instagram

__all__ = ["Instagram"]
