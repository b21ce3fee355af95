"""Instagram Reels: Instagram Login and Facebook Login, containers, publishing, as documented in 2026.

`adapter` is the class that is handed to the hall; `login` the sign-in without Facebook; `publishing` the steps up to
the publication, `settling` what became of it, `mark` their checkpoint; `api` asks; `rules` and `errors` are tables.
Facebook Login and all that Facebook shares are in `meta`. Stories, carousels and insights are not here.
"""

from playout.platforms.instagram.adapter import FacebookKeys, Instagram
from playout.platforms.instagram.login import InstagramKeys

__all__ = ["FacebookKeys", "Instagram", "InstagramKeys"]
