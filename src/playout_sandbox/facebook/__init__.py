"""Facebook, emulated as its documentation says: Login for Pages, Reels publishing, long videos, insights, callbacks.

"Row n" is a row of the table for an emulator in the project's notes on Facebook, "2.2" and the like a section of them.
What Instagram shares (tokens, envelope, rupload) is in `playout_sandbox.meta`.
"""

from playout_sandbox.facebook.service import Facebook

__all__ = ["Facebook"]
