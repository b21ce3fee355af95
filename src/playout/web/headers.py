"""Headers of every page. The gate adds those that all faces have; where both name one, what stands here wins."""

from starlette.datastructures import MutableHeaders

#: A year, in seconds.
_YEAR = 31536000
#: What a page may use of the device: passkeys, and nothing else.
PERMISSIONS = ", ".join(
    [f"{name}=()" for name in ("camera", "microphone", "geolocation", "payment", "usb", "serial", "display-capture")]
    + [f"publickey-credentials-{name}=(self)" for name in ("create", "get")]
)


def content_policy(nonce: str) -> str:
    """Nothing inline runs and nothing foreign loads. No `unsafe-…` may ever stand here."""
    return "; ".join(
        (
            "default-src 'none'",
            f"script-src 'self' 'nonce-{nonce}'",
            "style-src 'self'",
            "img-src 'self' data: blob:",
            "media-src 'self' blob:",
            "font-src 'self'",
            "connect-src 'self'",
            "manifest-src 'self'",
            "form-action 'self'",
            "base-uri 'none'",
            "frame-ancestors 'none'",
        )
    )


def dress(headers: MutableHeaders, *, nonce: str, secure: bool) -> None:
    """Adds what the answer does not say itself.

    Referrer-Policy is `same-origin`, not the gate's `no-referrer`: with that one browsers send `Origin: null` with the
    forms of our own pages, which then could not be told from others'.
    """
    headers.setdefault("Content-Security-Policy", content_policy(nonce))
    headers.setdefault("Referrer-Policy", "same-origin")
    headers.setdefault("Cross-Origin-Opener-Policy", "same-origin")
    headers.setdefault("Permissions-Policy", PERMISSIONS)
    headers.setdefault("X-Content-Type-Options", "nosniff")
    headers.setdefault("Cache-Control", "no-store")
    if secure:
        headers.setdefault("Strict-Transport-Security", f"max-age={_YEAR}")
