"""YouTube: Google's OAuth and the Data API v3 (resumable upload of a video), as documented in November 2026.

`adapter` is the class that is handed to the hall; `publishing` its steps and looks up to the last byte, `waiting` those
after it, `mark` their checkpoint; `session` is one resumable upload, `account` the channel behind a token; `api` asks
and reads one answer; `rules` and `errors` are tables. Thumbnails, playlists and numbers are not here.
"""

from playout.platforms.youtube.adapter import YouTube

__all__ = ["YouTube"]
