"""How somebody likes the pages: theme, language, zone, keys. Kept in cookies, so that guests have them too."""

from starlette.responses import Response

from playout.web.ask import THEMES, Ask
from playout.web.cookies import LONG, Word
from playout.web.routes import Pages
from playout.web.times import zone_named

pages = Pages()


@pages.post("/preferences", guests=True)
async def prefer(ask: Ask) -> Response:
    """What the form names is kept, the rest stays; what is not offered counts as no wish."""
    response = ask.see_other(ask.said("next", "/"))
    offered = {
        Word.THEME: THEMES,
        Word.LANGUAGE: [one.code for one in ask.house.looks.languages],
        Word.ZONE: [zone_named(ask.said(Word.ZONE)).key] if ask.said(Word.ZONE) else [],
        Word.KEYS: ("off",),
    }
    for word, choices in offered.items():
        if ask.said(word) in choices:
            ask.house.cookies.set(response, word, ask.said(word), seconds=LONG)
        elif word in ask.form:
            ask.house.cookies.drop(response, word)
    return response
