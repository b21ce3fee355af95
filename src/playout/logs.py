"""Log lines: an allow-list of fields, and a filter last that no token gets through."""

import logging
import re
import sys
from collections.abc import MutableMapping
from typing import Any

import structlog

#: Nothing else that a call passes along is written.
FIELDS = frozenset(
    {
        "attempt",
        "channel_id",
        "chore",
        "code",
        "count",
        "delivery_id",
        "event",
        "exception",
        "kind",
        "level",
        "logger",
        "method",
        "milliseconds",
        "platform",
        "post_id",
        "request_id",
        "route",
        "state",
        "status",
        "step",
        "subject_id",
        "timestamp",
        "video_id",
    }
)
#: Forms of secrets, in case one got into a message or a traceback after all.
SECRETS = re.compile(
    r"\b(?:act|rft)\.[\w!~.%*-]+|\bpo_[\w-]{20,}|\bwhsec_[\w+/=-]+|(?i:bearer\s+)[\w.~+/=-]+|\bEAA\w{20,}|\bya29\.[\w-]+|/bot\d+:[\w-]+"
    r"|(?i:(?:access_token|refresh_token|client_secret|secret_?access_?key|security-token|code|state|upload_token|upload_id"
    r"|code_verifier|sig(?:nature)?)"
    r"[\"']?\s*[=:]\s*(?:b?[\"'])?)[^\s\"'&,;)}]+"
)
Line = MutableMapping[str, Any]  # structlog's own type for an event


def setup(*, level: str, form: str) -> None:
    """Sends every logger of the process through the filter to stderr."""
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,  # what holds for all that is logged in one request: its id
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.ExtraAdder(),
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    last: structlog.typing.Processor = (
        structlog.processors.JSONRenderer() if form == "json" else structlog.dev.ConsoleRenderer(colors=False)
    )
    formatter = structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=shared,
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            structlog.processors.format_exc_info,
            _allowed,
            last,
            _redacted,
        ],
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(formatter)
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    for noisy in ("uvicorn.access", "aiohttp.access", "pgqueuer", "sqlalchemy.engine", "asyncio", "urllib3"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
    for told_twice in ("aiobotocore", "botocore"):  # what they warn of, with a traceback, they raise as well
        logging.getLogger(told_twice).setLevel(logging.ERROR)


def _allowed(_logger: object, _name: str, line: Line) -> Line:
    return {name: value for name, value in line.items() if name in FIELDS}


def _redacted(_logger: object, _name: str, text: object) -> str:
    return redact(str(text))


def redact(text: str) -> str:
    """The same text with everything that looks like a secret gone."""
    return SECRETS.sub("[removed]", text)
