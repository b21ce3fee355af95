"""TikTok: Login Kit, Content Posting (video) and webhooks, as documented in November 2026.

`adapter` is the class that is handed to the hall; `publishing` its steps and looks up to the last byte, `waiting` those
after it, `mark` their checkpoint; `api` asks and reads one answer;
`news` checks webhooks; `rules` and `errors` are tables. Photos are not here.
"""

from playout.platforms.tiktok.adapter import TikTok

__all__ = ["TikTok"]
