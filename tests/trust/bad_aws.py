"""An address where somebody else answers than the AWS that was meant: one that refuses, or no AWS at all."""

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

_DYNAMODB = "com.amazonaws.dynamodb.v20120810#"
#: By the operation of DynamoDB, "" for all else: status, and the code of the refusal; what begins with < is the body.
Refusals = Mapping[str, tuple[int, str]]


class _Refuser(BaseHTTPRequestHandler):
    """Quotes what it was asked with, as S3 does where a signature is wrong."""

    protocol_version = "HTTP/1.1"
    refusals: Refusals

    def _answer(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        target = self.headers.get("X-Amz-Target", "").partition(".")[2]
        status, code = self.refusals.get(target) or self.refusals[""]
        quoted = self.headers.get("Authorization", "")
        if code.startswith("<"):
            kind, body = "text/html", code
        elif target:
            kind, body = "application/x-amz-json-1.0", f'{{"__type": "{_DYNAMODB}{code}", "message": "{quoted}"}}'
        else:
            kind, body = "application/xml", f"<Error><Code>{code}</Code><Message>{quoted}</Message></Error>"
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(b"" if self.command == "HEAD" else body.encode())

    do_GET = do_HEAD = do_POST = do_PUT = do_DELETE = _answer  # noqa: N815 -- http.server's own names

    def log_message(self, *_: object) -> None:
        """Says nothing."""


@contextmanager
def refusing(refusals: Refusals) -> Iterator[str]:
    """Its address."""
    handler = type("Refuser", (_Refuser,), {"refusals": refusals})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
