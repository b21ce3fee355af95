"""The consent page as HTML. No script, nothing loaded from elsewhere."""

import base64
import hashlib
import html
from collections.abc import Mapping, Sequence

from playout_sandbox.tiktok.records import Creator

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
_CARRIED = (
    "client_key",
    "redirect_uri",
    "response_type",
    "scope",
    "state",
    "code_challenge",
    "code_challenge_method",
)
_MEANING = {
    "user.info.basic": "Read your name and picture",
    "user.info.profile": "Read your profile",
    "user.info.stats": "Read your follower and like counts",
    "video.list": "Read your public videos",
    "video.upload": "Send drafts to your inbox",
    "video.publish": "Post videos for you",
}


def consent_page(asked: Mapping[str, str], scopes: Sequence[str], creators: Sequence[Creator]) -> str:
    """The form: which account, which scopes, allow or deny."""
    carried = "".join(
        f'<input type="hidden" name="{name}" value="{html.escape(asked[name])}">' for name in _CARRIED if name in asked
    )
    accounts = "".join(
        f'<label><input type="radio" name="creator" value="{html.escape(creator.open_id)}"'
        f"{' checked' if place == 0 else ''}>{html.escape(creator.nickname)} (@{html.escape(creator.username)})"
        f"{', private' if creator.private else ''}</label>"
        for place, creator in enumerate(creators)
    )
    boxes = "".join(
        f'<label><input type="checkbox" name="allow" value="{scope}" checked'
        f"{' disabled' if scope == 'user.info.basic' else ''}>{html.escape(_MEANING[scope])}</label>"
        for scope in scopes
    )
    return _page(
        "Connect an account",
        "<p>This is an emulated TikTok. An app asks for access.</p>"
        f'<form method="post">{carried}<fieldset><legend>Account</legend>{accounts}</fieldset>'
        f"<fieldset><legend>The app may</legend>{boxes}</fieldset>"
        '<div class="row"><button name="decision" value="deny">Deny</button>'
        '<button class="yes" name="decision" value="allow">Allow</button></div></form>',
    )


def error_page(message: str) -> str:
    """What a wrong request shows instead: no way back to an address that cannot be trusted."""
    return _page("This request cannot go on", f"<p>{html.escape(message)}</p>")


def _page(title: str, content: str) -> str:
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        f'<meta name="viewport" content="width=device-width,initial-scale=1"><title>{title}</title>'
        f"<style>{_STYLE}</style></head><body><main><h1>{title}</h1>{content}</main></body></html>"
    )
