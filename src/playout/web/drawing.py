"""Templates into HTML: autoescaped always, and a name that a template does not know is a mistake, not a blank."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Protocol, cast
from zoneinfo import ZoneInfo

from babel import Locale
from babel.numbers import format_decimal
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from playout.web import times
from playout.web.languages import Language, shipped
from playout.web.states import look
from playout.web.static import Static, load

FOLDER = Path(__file__).parent / "templates"
#: What of Jinja the extraction of sentences has to know too.
EXTENSIONS = ("jinja2.ext.i18n",)
_STEP = 1000
_ROUND = 10  # from here on sizes have no decimal
_UNITS = ("B", "kB", "MB", "GB", "TB")


class _Translating(Protocol):
    """What the extension `jinja2.ext.i18n` adds to an environment."""

    def install_gettext_callables(
        self, gettext: Callable[..., str], ngettext: Callable[..., str], *, newstyle: bool
    ) -> None: ...


@dataclass(frozen=True, slots=True)
class Looks:
    """How pages look: their files, languages and templates. Nothing of a request, so that applications may share it."""

    static: Static
    languages: Sequence[Language]
    drawing: "Drawing"


def looks(languages: Sequence[Language] = (), templates: Sequence[Path] = ()) -> Looks:
    """As shipped, unless other languages are given, or folders with other templates, which are looked into first."""
    languages, files = languages or shipped(), load()
    return Looks(files, languages, Drawing(files, languages, templates))


class Drawing:
    """All templates, in all languages: those in FOLDER, and in `folders`, which are looked into first."""

    def __init__(self, static: Static, languages: Sequence[Language], folders: Sequence[Path] = ()) -> None:
        self._environments = {one.code: _environment(one, static, [*folders, FOLDER]) for one in languages}

    def draw(self, template: str, language: Language, shown: Mapping[str, object]) -> str:
        """The whole text. Raises jinja2.TemplateError for a template that is wrong."""
        return self._environments[language.code].get_template(template).render(shown)


def _environment(language: Language, static: Static, folders: Sequence[Path]) -> Environment:
    made = Environment(
        loader=FileSystemLoader(folders),
        extensions=EXTENSIONS,
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    made.policies["ext.i18n.trimmed"] = True
    cast("_Translating", made).install_gettext_callables(_one(language), _many(language), newstyle=False)
    made.globals |= {
        "language": language,
        "static": static.url,
        "integrity": static.integrity,
        "look": look,
        "icons": static.icons(),
    }
    made.filters |= {name: _of(language, form) for name, form in _TIMES.items()}
    made.filters |= {"size": _sizes(language), "number": _numbers(language)}
    return made


def _one(language: Language) -> Callable[..., str]:
    """`_` of templates: a plain text, escaped like any other, and a format only where values are given.

    Jinja's own takes every sentence for safe HTML and for a format, also those of the house that name people's words.
    """

    def gettext(sentence: str, **values: object) -> str:
        said = language.words.gettext(sentence) if sentence else ""
        return said % values if values else said

    return gettext


def _many(language: Language) -> Callable[..., str]:
    """`ngettext` of templates; `%(num)d` is the number."""

    def ngettext(one: str, many: str, number: int, **values: object) -> str:
        return language.words.ngettext(one, many, number) % ({"num": number} | values)

    return ngettext


_TIMES: Mapping[str, Callable[[datetime, ZoneInfo, Locale], str]] = {
    "when": times.when,
    "day": times.day,
    "clock": times.clock,
    "in_full": times.in_full,
    "zone_at": times.zone_at,
}


def _of(language: Language, form: Callable[[datetime, ZoneInfo, Locale], str]) -> Callable[[datetime, ZoneInfo], str]:
    """In a template: `{{ at | when(zone) }}`."""

    def filtered(at: datetime, zone: ZoneInfo) -> str:
        return form(at, zone, language.locale)

    return filtered


def _numbers(language: Language) -> Callable[[float], str]:
    def number(value: float) -> str:
        return format_decimal(value, locale=language.locale)

    return number


def _sizes(language: Language) -> Callable[[int], str]:
    def size(count: int) -> str:
        """As file managers count: `1.1 GB` has 1,100,000,000 bytes."""
        value, unit = float(count), 0
        while value >= _STEP and unit < len(_UNITS) - 1:
            value, unit = value / _STEP, unit + 1
        shown = format_decimal(value, "0.0" if unit and value < _ROUND else "0", language.locale)
        return f"{shown}\N{NO-BREAK SPACE}{_UNITS[unit]}"

    return size
