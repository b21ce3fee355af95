"""The page on which a person lets an app in, and the page for a wrong request: plain HTML for every platform.

No script, nothing loaded from elsewhere. What is asked, and what an answer means, is the platform's business.
"""

import base64
import hashlib
import html
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

_STYLE = """
:root{color-scheme:light dark;--ground:#f6f6f4;--card:#fff;--ink:#18181b;--soft:#63636b;--line:#e4e4e0;--mark:#0a7d5a;
--on:#fff}
@media (prefers-color-scheme:dark){:root{--ground:#111113;--card:#1b1b1f;--ink:#f2f2f0;--soft:#a2a2aa;--line:#2e2e34;
--mark:#4fd1a1;--on:#08261b}}
*{box-sizing:border-box}
body{margin:0;min-height:100vh;display:grid;place-items:center;background:var(--ground);color:var(--ink);
font:16px/1.5 system-ui,sans-serif;padding:1rem}
main{background:var(--card);border:1px solid var(--line);border-radius:1rem;padding:1.75rem;width:min(100%,26rem)}
h1{font-size:1.25rem;margin:0 0 .25rem}
p{margin:0 0 1rem;color:var(--soft)}
fieldset{border:0;padding:0;margin:0 0 1.25rem}
legend{font-weight:600;margin-bottom:.4rem;padding:0}
label{display:flex;gap:.6rem;align-items:center;padding:.3rem 0}
input{accent-color:var(--mark);width:1.1rem;height:1.1rem}
.row{display:flex;gap:.75rem}
button{flex:1;font:inherit;font-weight:600;padding:.65rem 1rem;border-radius:.6rem;border:1px solid var(--line);
background:transparent;color:inherit;cursor:pointer}
button.yes{background:var(--mark);border-color:var(--mark);color:var(--on)}
:focus-visible{outline:2px solid var(--mark);outline-offset:2px}
"""
_HASH = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
# No form-action: browsers apply it to the redirect that follows the form, which leads back to the app.
POLICY = f"default-src 'none'; style-src 'sha256-{_HASH}'; base-uri 'none'; frame-ancestors 'none'"
HEADERS = {"Content-Security-Policy": POLICY, "Cache-Control": "no-store", "Referrer-Policy": "no-referrer"}


@dataclass(frozen=True, slots=True)
class Choice:
    """One account, or one thing that the app may do."""

    value: str
    label: str
    fixed: bool = False  #: cannot be unticked


def consent_form(
    platform: str, carried: Mapping[str, str], accounts: Sequence[Choice], scopes: Sequence[Choice]
) -> str:
    """A form that posts to its own address: `carried` as it came, `creator`, one `allow` a scope, `decision`."""
    hidden = "".join(
        f'<input type="hidden" name="{html.escape(name)}" value="{html.escape(value)}">'
        for name, value in carried.items()
    )
    radios = "".join(
        f'<label><input type="radio" name="creator" value="{html.escape(account.value)}"'
        f"{'' if place else ' checked'}>{html.escape(account.label)}</label>"
        for place, account in enumerate(accounts)
    )
    boxes = "".join(
        f'<label><input type="checkbox" name="allow" value="{html.escape(scope.value)}" checked'
        f"{' disabled' if scope.fixed else ''}>{html.escape(scope.label)}</label>"
        for scope in scopes
    )
    return page(
        "Connect an account",
        f"<p>This is an emulated {html.escape(platform)}. An app asks for access.</p>"
        f'<form method="post">{hidden}<fieldset><legend>Account</legend>{radios}</fieldset>'
        f"<fieldset><legend>The app may</legend>{boxes}</fieldset>"
        '<div class="row"><button name="decision" value="deny">Deny</button>'
        '<button class="yes" name="decision" value="allow">Allow</button></div></form>',
    )


def error_page(message: str) -> str:
    """What a wrong request shows instead: no way back to an address that cannot be trusted."""
    return page("This request cannot go on", f"<p>{html.escape(message)}</p>")


def page(title: str, content: str) -> str:
    """The shell: a card in the middle; `content` is HTML."""
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        f'<meta name="viewport" content="width=device-width,initial-scale=1"><title>{title}</title>'
        f"<style>{_STYLE}</style></head><body><main><h1>{title}</h1>{content}</main></body></html>"
    )
