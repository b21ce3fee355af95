"""What the emulated Facebook and Instagram share, because Meta has one Graph API behind both.

Facebook Login with its persons, Pages and tokens, the manners of the Graph API, the `rupload` host, signed requests.
No call of either platform lives here. "Row n" in this package is a row of the table for an emulator in the project's
notes on Facebook, unless it says Instagram.
"""

from playout_sandbox.meta.people import Meta

__all__ = ["Meta"]
