"""The body of an export."""

from pydantic import Field

from playout.api.schemas import Reason
from playout.api.words import Time, Told
from playout.application.export_notes import ExportState


class ExportProgress(Told):
    """Bytes of videos."""

    done: int
    total: int


class Export(Told):
    """Everything of the workspace as one zip, to come or there."""

    id: str
    state: ExportState = Field(description="It can be fetched once it is `ready`.")
    progress: ExportProgress
    size: int = Field(description="Bytes of the zip; 0 until it is ready.")
    sha256: str = Field(description="Of the zip; empty until it is ready.")
    created_at: Time
    expires_at: Time = Field(description="Then it is removed.")
    download_url: str | None = Field(description="Where the zip is, with the same token; null until it is ready.")
    reason: Reason | None = Field(description="Why it failed.")
