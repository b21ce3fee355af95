"""Marks in the code: what is to be translated, but later."""


def N_(sentence: str) -> str:  # noqa: N802 -- gettext's own name for it
    """The sentence itself; `tools/catalogues.py` finds it, and a template translates it with `_(…)`."""
    return sentence
