"""The languages of the pages: which there are, which one somebody gets, and their words.

The source language is English: its sentences are the keys. The catalogues are kept as `.po` files, and read as such at
the start (some hundredths of a second each): what was reviewed is what runs, no compiled copy can lag behind it, and
nobody needs a build step. `tools/catalogues.py` brings them up to date with the templates.
"""

import gettext
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path

from babel import Locale
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

FOLDER = Path(__file__).parent / "locales"
SOURCE = "en"


@dataclass(frozen=True, slots=True)
class Language:
    """One of them."""

    code: str  # BCP 47, as in <html lang>
    name: str  # as those call it who speak it
    locale: Locale  # for dates and numbers
    words: gettext.NullTranslations = field(default_factory=gettext.NullTranslations)
    direction: str = "ltr"


def shipped(folder: Path = FOLDER) -> tuple[Language, ...]:
    """English, and each that has a catalogue."""
    catalogues = sorted(folder.glob("*.po"))
    return (_language(SOURCE, gettext.NullTranslations()), *(_language(one.stem, _words(one)) for one in catalogues))


def choose(languages: Sequence[Language], wanted: str | None, accepted: str) -> Language:
    """The one somebody chose; else the best of an Accept-Language header; else the first."""
    by_code = {one.code.lower(): one for one in languages}
    if wanted and wanted.lower() in by_code:
        return by_code[wanted.lower()]
    for tag in _in_order(accepted):
        found = by_code.get(tag) or by_code.get(tag.partition("-")[0])
        if found:
            return found
    return languages[0]


def _in_order(accepted: str) -> list[str]:
    """The tags of an Accept-Language header, the dearest first; what cannot be read counts for nothing."""
    weighed: Mapping[str, float] = {
        tag.strip().lower(): _weight(rest) for tag, _, rest in (one.partition(";") for one in accepted.split(",")[:20])
    }
    return sorted((tag for tag, weight in weighed.items() if tag and weight > 0), key=lambda tag: -weighed[tag])


def _weight(parameters: str) -> float:
    name, _, value = parameters.replace(" ", "").partition("=")
    try:
        return float(value) if name == "q" else 1
    except ValueError:
        return 0


def _language(code: str, words: gettext.NullTranslations) -> Language:
    locale = Locale.parse(code, sep="-")
    return Language(code, locale.get_display_name() or code, locale, words, locale.text_direction)


def _words(path: Path) -> gettext.NullTranslations:
    compiled = BytesIO()
    with path.open("rb") as file:
        write_mo(compiled, read_po(file, locale=path.stem))
    compiled.seek(0)
    return gettext.GNUTranslations(compiled)
