"""The feed page as HTML: cards in 9:16, light and dark, nothing loaded from anywhere else, no script."""

import base64
import hashlib
import html
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

_STYLE = """
:root{color-scheme:light dark;--ground:#f6f6f4;--card:#fff;--ink:#18181b;--soft:#63636b;--line:#e4e4e0;--mark:#0a7d5a}
@media (prefers-color-scheme:dark){:root{--ground:#111113;--card:#1b1b1f;--ink:#f2f2f0;--soft:#a2a2aa;--line:#2e2e34;
--mark:#4fd1a1}}
*{box-sizing:border-box}
body{margin:0;background:var(--ground);color:var(--ink);font:16px/1.5 system-ui,sans-serif}
header,main{max-width:76rem;margin:0 auto;padding:0 1.25rem}
header{display:flex;flex-wrap:wrap;align-items:baseline;gap:.25rem 1rem;padding-block:2rem 1.25rem}
h1{font-size:1.5rem;margin:0;letter-spacing:-.01em}
header p{margin:0;color:var(--soft)}
.cards{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(100%,16.5rem),1fr));gap:1.25rem;padding-bottom:3rem;
list-style:none;margin:0;padding-left:0}
.card{background:var(--card);border:1px solid var(--line);border-radius:1rem;overflow:hidden;display:flex;
flex-direction:column}
.frame{aspect-ratio:9/16;background:#000;display:grid;place-items:center;color:#bbb}
.frame video,.frame img{width:100%;height:100%;object-fit:contain;display:block}
.text{padding:.9rem 1rem 1rem;display:flex;flex-direction:column;gap:.5rem}
.who{display:flex;align-items:center;gap:.6rem}
.who img{width:2.1rem;height:2.1rem;border-radius:50%}
.who b{display:block;line-height:1.25}
.who span{color:var(--soft);font-size:.875rem}
.caption{margin:0;white-space:pre-wrap;overflow-wrap:anywhere}
.facts{display:flex;flex-wrap:wrap;gap:.3rem .6rem;margin:0;color:var(--soft);font-size:.8125rem;align-items:center}
.badge{border:1px solid currentColor;border-radius:99rem;padding:0 .55rem;color:var(--mark)}
.empty{border:1.5px dashed var(--line);border-radius:1rem;padding:4rem 1.5rem;text-align:center;color:var(--soft)}
.empty b{display:block;color:var(--ink);font-size:1.125rem;margin-bottom:.25rem}
"""

_STYLE_HASH = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
POLICY = (
    f"default-src 'none'; style-src 'sha256-{_STYLE_HASH}'; img-src 'self'; media-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)

_PRIVACY = {
    "PUBLIC_TO_EVERYONE": "Everyone",
    "MUTUAL_FOLLOW_FRIENDS": "Friends",
    "FOLLOWER_OF_CREATOR": "Followers",
    "SELF_ONLY": "Only the creator",
    "public": "Public",
    "unlisted": "Unlisted",
    "private": "Private",
}
_TINTS = ("#0a7d5a", "#b4432f", "#3d5fc4", "#8a4fb0", "#a06a00", "#00758a")


@dataclass(frozen=True, slots=True)
class Card:
    """What one card shows."""

    post_id: str
    platform: str
    username: str
    nickname: str
    caption: str
    privacy: str
    at: float
    media_type: str  #: empty when there is nothing to show


def page(cards: Sequence[Card]) -> str:
    """The whole page."""
    many = "1 post is live" if len(cards) == 1 else f"{len(cards)} posts are live"
    content = (
        f'<ul class="cards">{"".join(map(_card, cards))}</ul>'
        if cards
        else '<div class="empty"><b>Nothing is live yet</b>What gets published to the sandbox appears here.</div>'
    )
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1"><title>Sandbox feed</title>'
        f"<style>{_STYLE}</style></head><body><header><h1>Sandbox feed</h1>"
        f"<p>{many if cards else 'An emulated platform; nothing leaves this machine.'}</p></header>"
        f"<main>{content}</main></body></html>"
    )


def avatar(username: str) -> str:
    """A creator's picture: the first letter on a tint of their own, as SVG."""
    tint = _TINTS[sum(username.encode()) % len(_TINTS)]
    letter = html.escape(username[:1].upper() or "?")
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 100 100" width="100" height="100">'
        f'<rect width="100" height="100" fill="{tint}"/><text x="50" y="67" font-size="50" fill="#fff" '
        f'text-anchor="middle" font-family="system-ui,sans-serif">{letter}</text></svg>'
    )


def _card(card: Card) -> str:
    when = datetime.fromtimestamp(card.at, UTC)
    who = html.escape(card.username)
    caption = f'<p class="caption">{html.escape(card.caption)}</p>' if card.caption else ""
    return (
        f'<li class="card"><div class="frame">{_frame(card)}</div><div class="text">'
        f'<div class="who"><img src="/feed/avatar/{who}.svg" alt="">'
        f"<div><b>{html.escape(card.nickname)}</b><span>@{who}</span></div></div>{caption}"
        f'<p class="facts"><span class="badge">{html.escape(card.platform)}</span>'
        f"<span>{html.escape(_PRIVACY.get(card.privacy, card.privacy))}</span>"
        f'<time datetime="{when.isoformat()}">{when:%d %b %Y, %H:%M} UTC</time></p></div></li>'
    )


def _frame(card: Card) -> str:
    source = f"/feed/video/{html.escape(card.post_id)}"
    if card.media_type.startswith("video/"):
        return f'<video controls loop playsinline preload="metadata" src="{source}"></video>'
    if card.media_type.startswith("image/"):
        return f'<img src="{source}" alt="">'
    return "no bytes kept"
