"""What Facebook and Instagram share: the manners of Meta's Graph API, Facebook Login, the upload host, signed requests.

`graph` asks one question and names what went wrong, by the table in `errors`; `login` is the sign-in through Facebook;
`rupload` sends bytes; `signed` checks what Meta tells us when somebody removes the app, `news` its webhooks.
Not here: what either platform publishes, and the codes of its publishing.
"""

from playout.platforms.meta.errors import GONE, SHARED, Codes, Meaning
from playout.platforms.meta.graph import Graph, reread
from playout.platforms.meta.login import FacebookLogin, Page
from playout.platforms.meta.news import challenge_of, read_news, verify_token
from playout.platforms.meta.rupload import Rupload, received
from playout.platforms.meta.signed import read_signed_request

__all__ = [
    "GONE",
    "SHARED",
    "Codes",
    "FacebookLogin",
    "Graph",
    "Meaning",
    "Page",
    "Rupload",
    "challenge_of",
    "read_news",
    "read_signed_request",
    "received",
    "reread",
    "verify_token",
]
