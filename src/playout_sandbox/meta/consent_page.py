"""The page on which a person lets an app in, for both logins of Meta. No script, nothing loaded from elsewhere."""

import html
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from starlette.responses import HTMLResponse, Response

from playout_sandbox.consent_form import HEADERS, page


@dataclass(frozen=True, slots=True)
class Choice:
    """One line with a box or a button before it."""

    value: str
    label: str
    note: str = ""
    chosen: bool = True


@dataclass(frozen=True, slots=True)
class Group:
    """Choices of one kind, sent under one name."""

    title: str
    name: str
    choices: Sequence[Choice]
    one: bool = False  #: exactly one of them


def consent_page(title: str, intro: str, carried: Mapping[str, str], groups: Sequence[Group]) -> Response:
    """The form: `carried` travels along unseen; the buttons send `decision` as "allow" or "deny"."""
    hidden = "".join(
        f'<input type="hidden" name="{html.escape(name)}" value="{html.escape(value)}">'
        for name, value in carried.items()
    )
    content = (
        f'<p>{html.escape(intro)}</p><form method="post">{hidden}{"".join(_group(group) for group in groups)}'
        '<div class="row"><button name="decision" value="deny">Cancel</button>'
        '<button class="yes" name="decision" value="allow">Continue</button></div></form>'
    )
    return HTMLResponse(page(title, content), headers=HEADERS)


def error_page(title: str, message: str) -> Response:
    """What a wrong request shows instead: no way back to an address that cannot be trusted."""
    return HTMLResponse(page(html.escape(title), f"<p>{html.escape(message)}</p>"), 400, headers=HEADERS)


def _group(group: Group) -> str:
    kind = "radio" if group.one else "checkbox"
    lines = "".join(
        f'<label><input type="{kind}" name="{group.name}" value="{html.escape(choice.value)}"'
        f"{' checked' if choice.chosen else ''}>{html.escape(choice.label)} <small>{html.escape(choice.note)}</small>"
        "</label>"
        for choice in group.choices
    )
    return f"<fieldset><legend>{html.escape(group.title)}</legend>{lines}</fieldset>"
