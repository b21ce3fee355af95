"""Facebook Pages: Login for Pages, reels, and the longer videos beside them, as documented in 2026.

`adapter` is the class that is handed to the hall; `publishing` its steps up to the point of no return, `waiting` those
after it and the looks; `status` reads what Facebook says of a video, `mark` is the checkpoint, `chunk` the body of a
part of a long video; `rules` and `errors` are tables. What Instagram shares is in `platforms/meta`. Live streams,
stories, drafts, pictures and Facebook's own scheduling are not here.
"""

from playout.platforms.facebook.adapter import Facebook

__all__ = ["Facebook"]
