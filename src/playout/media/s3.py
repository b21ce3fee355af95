"""Files in a bucket of S3, or of what speaks its language: R2, MinIO.

obstore moves the bytes; botocore finds the keys where all AWS tools find them, and aiobotocore aborts what killed
uploads leave, which obstore cannot list. Loaded for `s3://…` only: importing these takes half a second.
"""

import threading
from datetime import UTC, datetime, timedelta
from typing import Any, NotRequired, TypedDict

from botocore.session import get_session
from obstore.exceptions import BaseError
from obstore.store import S3Store

from playout.domain.errors import Misconfigured
from playout.media.buckets import PATIENCE, ObjectFiles, Patience
from playout.media.places import parse
from playout.media.unfinished import Unfinished


def open_s3(url: str, *, patience: Patience = PATIENCE) -> ObjectFiles:
    """The bucket that `s3://BUCKET/PREFIX?region=…[&endpoint=…][&style=virtual|path]` names.

    Keys come from the usual AWS places: `AWS_ACCESS_KEY_ID` and its secret, a profile, the role of the machine.
    Nothing is connected to yet. Raises Misconfigured.
    """
    place, keys = parse(url), _Keys()

    def bucket(timeout: timedelta) -> S3Store:
        return S3Store(
            place.bucket,
            prefix=place.prefix or None,
            region=place.region,
            aws_endpoint_url_s3=place.host,  # said outright, so that no endpoint of the environment takes its place
            virtual_hosted_style_request=place.virtual,
            disable_bulk_delete=True,  # one key at a time: a plain DELETE may be repeated, and every store knows it
            credential_provider=keys,
            client_options={
                "timeout": timeout,
                "read_timeout": patience.part,
                "allow_http": place.host.startswith("http://"),
            },
            retry_config={"max_retries": patience.tries, "retry_timeout": patience.again},
        )

    try:
        return ObjectFiles(bucket, patience=patience, sweep=Unfinished(place, patience).sweep)
    except (BaseError, ValueError) as error:
        raise Misconfigured(f"FILES_URL is not understood: {str(error).splitlines()[0]}.") from error


class _Credential(TypedDict):
    """What obstore signs with."""

    access_key_id: str
    secret_access_key: str
    token: NotRequired[str | None]
    expires_at: datetime | None


_AT_ONCE = datetime(1970, 1, 1, tzinfo=UTC)


class _Keys:
    """Asked by obstore from threads of its own. botocore renews keys that expire; obstore is told to keep none."""

    def __init__(self) -> None:
        self._turn = threading.Lock()
        self._found: Any = None

    def __call__(self) -> _Credential:
        with self._turn:
            self._found = self._found or get_session().get_credentials()
        if self._found is None:
            message = "no AWS keys are found"
            raise LookupError(message)
        now = self._found.get_frozen_credentials()
        return {
            "access_key_id": now.access_key,
            "secret_access_key": now.secret_key,
            "token": now.token,
            "expires_at": _AT_ONCE,
        }
