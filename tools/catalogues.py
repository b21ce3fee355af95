"""The words of the pages: out of the templates and the code, into the catalogues of each language.

    python tools/catalogues.py update                 new sentences in, gone ones out, of every catalogue
    python tools/catalogues.py merge de sentences.po  takes over what that file translates
    python tools/catalogues.py missing                what is not translated yet; 1 if there is anything

English is the source: its sentences are the keys.
"""

import argparse
import fcntl
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import BinaryIO

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import DEFAULT_KEYWORDS, extract_from_dir
from babel.messages.pofile import read_po, write_po

ROOT = Path(__file__).resolve().parents[1]
WEB = ROOT / "src/playout/web"
FOLDER = WEB / "locales"
KEYWORDS = {**DEFAULT_KEYWORDS, "N_": None, "translated": None, "counted": (1, 2)}
METHODS = [("templates/**.html", "jinja2"), ("**.py", "python")]
OPTIONS = {"templates/**.html": {"trimmed": "true", "newstyle_gettext": "true", "silent": "false"}}
#: Lines of a catalogue that change with every run, or say nothing.
_NOISE = tuple(
    f'"{name}:'.encode()
    for name in (
        "Project-Id-Version",
        "Report-Msgid-Bugs-To",
        "POT-Creation-Date",
        "PO-Revision-Date",
        "Last-Translator",
        "Language-Team",
        "Generated-By",
    )
)


def main(arguments: Sequence[str] | None = None) -> int:
    """0 if all went well, and nothing is missing."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    verbs = parser.add_subparsers(dest="verb", required=True)
    verbs.add_parser("update")
    verbs.add_parser("missing")
    merging = verbs.add_parser("merge")
    merging.add_argument("language")
    merging.add_argument("sentences", type=Path)
    given = parser.parse_args(arguments)
    match given.verb:
        case "update":
            for path in catalogues():
                update(path, extracted())
        case "merge":
            merge(FOLDER / f"{given.language}.po", given.sentences)
        case _:
            pass
    lines = [f"{path.stem}: {sentence}" for path in catalogues() for sentence in missing(path, extracted())]
    print("\n".join(lines) or "Every sentence is translated.")
    return 1 if lines and given.verb == "missing" else 0


def catalogues() -> list[Path]:
    return sorted(FOLDER.glob("*.po"))


def extracted() -> Catalog:
    """Every sentence that the pages may say."""
    found = Catalog(charset="utf-8", fuzzy=False)
    for name, _line, sentence, comments, context in extract_from_dir(WEB, METHODS, OPTIONS, KEYWORDS):
        found.add(sentence, None, [(name, 0)], auto_comments=comments, context=context)
    return found


def missing(path: Path, wanted: Catalog) -> Iterator[str]:
    """Sentences without a translation, or with one that is only guessed."""
    with path.open("rb") as file:
        known = read_po(file, locale=path.stem)
    for one in messages(wanted):
        there = known.get(one.id, one.context)
        if there is None or there.fuzzy or not is_whole(there):
            yield str(one.id)


def messages(catalogue: Catalog) -> Iterator[Message]:
    """Without the head, whose key is the empty sentence."""
    return (one for one in catalogue if one.id)


def is_whole(message: Message) -> bool:
    """Whether each of its forms, one or several, has its words."""
    words = message.string
    return all(words) if isinstance(words, (tuple, list)) else bool(words)


def update(path: Path, wanted: Catalog) -> None:
    with opened(path) as (known, file):
        known.update(wanted, no_fuzzy_matching=True)
        write(known, file)


def merge(path: Path, sentences: Path) -> None:
    """What `sentences` translates and the templates say is taken over; all else there is passed over."""
    with sentences.open("rb") as given:
        new = read_po(given, locale=path.stem)
    with opened(path) as (known, file):
        known.update(extracted(), no_fuzzy_matching=True)
        for one in messages(new):
            there = known.get(one.id, one.context)
            if there and is_whole(one):
                there.string = one.string
        write(known, file)


@contextmanager
def opened(path: Path) -> Iterator[tuple[Catalog, BinaryIO]]:
    """One at a time: others wait, so that nobody's sentences are lost."""
    with path.open("r+b") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield read_po(file, locale=path.stem), file


def write(catalogue: Catalog, file: BinaryIO) -> None:
    """In the order of the sentences, without line numbers and dates: a change shows what was changed."""
    written = BytesIO()
    write_po(written, catalogue, width=110, sort_output=True, include_lineno=False, ignore_obsolete=True)
    kept = [line for line in written.getvalue().splitlines(keepends=True) if not line.startswith(_NOISE)]
    file.seek(0)
    file.write(b"".join(kept))
    file.truncate()


if __name__ == "__main__":
    sys.exit(main())
