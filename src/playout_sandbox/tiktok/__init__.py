"""TikTok, emulated as its documentation says: Login Kit, Content Posting, Display, webhooks.

The sources of every fact are collected in the project's notes on TikTok; "row n" in this package is a row of their
table of rules for an emulator, "5.2" and the like a section of the notes.
"""

from playout_sandbox.tiktok.service import TikTok

__all__ = ["TikTok"]
