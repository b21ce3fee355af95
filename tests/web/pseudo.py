"""Languages that nobody speaks: one shows what was forgotten to be translated, the other reads from the right."""

import gettext
import re

from babel import Locale

from playout.web.languages import Language

#: What a translation must leave as it is.
_KEPT = re.compile(r"(%\([a-z_]+\)[sd]|%%|<[^>]+>)")
_ACCENTS = str.maketrans("AEIOUYaeiouycn", "ÅÉÎÖÛÝåéîöûýçñ")


class PseudoWords(gettext.NullTranslations):
    """`Queue` becomes `⟦Qûéûé ~~⟧`: still readable, a third longer, and seen to have been translated."""

    def gettext(self, message: str) -> str:
        parts = (part if _KEPT.fullmatch(part) else part.translate(_ACCENTS) for part in _KEPT.split(message))
        return f"⟦{''.join(parts)} {'~' * (len(message) // 3)}⟧"

    def ngettext(self, msgid1: str, msgid2: str, n: int) -> str:
        return self.gettext(msgid1 if n == 1 else msgid2)


PSEUDO = Language("en-XA", "Pseudo", Locale("en"), PseudoWords())
MIRRORED = Language("ar-XB", "Mirrored", Locale("ar"), PseudoWords(), "rtl")
