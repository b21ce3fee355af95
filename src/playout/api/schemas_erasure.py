"""The bodies of a deletion of a whole workspace."""

from typing import Literal

from pydantic import Field

from playout.api.schemas import example
from playout.api.words import Given, Text, Time, Told


class Farewell(Given):
    """That it is meant."""

    model_config = example(confirm="The name of the workspace")

    confirm: Text | None = Field(
        default=None, description="The name of the workspace: given, nothing is deleted unless it is the right one."
    )


class WorkspaceDeletion(Told):
    """How far a deletion is. It holds nothing of what is deleted, and is there for 400 days."""

    id: str
    state: Literal["running", "done"] = Field(description="`done`: nothing is left.")
    started_at: Time = Field(description="From then on no token was valid, and nothing was sent.")
    finished_at: Time | None
    counts: dict[str, int] = Field(
        description="How many there were of each kind, as far as that is counted yet. `channels_not_revoked`: of these "
        "channels the platform would not end the consent within a day; end it there."
    )
