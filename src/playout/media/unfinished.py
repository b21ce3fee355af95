"""Multipart uploads that killed processes left in a bucket of S3: invisible, and paid for until they are aborted."""

from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

from aiobotocore.config import AioConfig
from aiobotocore.session import get_session
from botocore.exceptions import BotoCoreError, ClientError, NoCredentialsError, PartialCredentialsError

from playout.domain.errors import PlayoutError
from playout.media.buckets import Patience, broken, refused
from playout.media.places import Place

_FORBIDDEN = {401, 403}
_UNKNOWN = {405, 501}  # a store that speaks S3 in part


class Unfinished:
    """The unfinished uploads of one place."""

    def __init__(self, place: Place, patience: Patience) -> None:
        self._place = place
        self._session = get_session()  # keeps the description of S3, which takes a tenth of a second to read
        self._config = AioConfig(
            connect_timeout=patience.answer.total_seconds(),
            read_timeout=patience.answer.total_seconds(),
            retries={"mode": "standard", "total_max_attempts": 2},
            request_checksum_calculation="when_required",
            response_checksum_validation="when_required",
            ignore_configured_endpoint_urls=True,
            s3={"addressing_style": "virtual" if place.virtual else "path"},
        )

    async def sweep(self, older_than: timedelta) -> int:
        """Aborts those that began at least so long ago, by the bucket's own clock; says how many. Raises Unavailable.

        0 from a store that cannot list them. Needs the rights `s3:ListBucketMultipartUploads` on the bucket and
        `s3:AbortMultipartUpload` below the prefix.
        """
        place = self._place
        creating = self._session.create_client(
            "s3", region_name=place.region, endpoint_url=place.endpoint, config=self._config
        )
        try:
            async with creating as client:
                return await self._abort(client, older_than)
        except ClientError as error:
            return _answered(error)
        except (NoCredentialsError, PartialCredentialsError) as error:
            raise refused() from error
        except (BotoCoreError, OSError, TimeoutError) as error:
            raise broken() from error

    async def _abort(self, client: Any, older_than: timedelta) -> int:  # noqa: ANN401 -- botocore makes its methods at run time
        count = 0
        below = f"{self._place.prefix}/" if self._place.prefix else ""
        pages = client.get_paginator("list_multipart_uploads").paginate(Bucket=self._place.bucket, Prefix=below)
        async for page in pages:
            before = _moment(page) - older_than
            for upload in page.get("Uploads", ()):
                if upload["Initiated"] <= before:
                    count += await self._abort_one(client, upload["Key"], upload["UploadId"])
        return count

    async def _abort_one(self, client: Any, key: str, upload: str) -> bool:  # noqa: ANN401 -- as above
        try:
            await client.abort_multipart_upload(Bucket=self._place.bucket, Key=key, UploadId=upload)
        except client.exceptions.NoSuchUpload:
            return False  # finished or aborted since it was listed
        return True


def _moment(page: Any) -> datetime:  # noqa: ANN401 -- as botocore gives it
    return parsedate_to_datetime(page["ResponseMetadata"]["HTTPHeaders"]["date"])


def _answered(error: ClientError) -> int:
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode")
    if status in _UNKNOWN:
        return 0
    failure: PlayoutError = refused() if status in _FORBIDDEN else broken()
    raise failure from error
