"""The body of an import."""

from typing import Annotated

from pydantic import Field

from playout.api.schemas import example
from playout.api.words import Address, Given, Text

_URL = "Of the file itself, public and https. It is kept for a day at most, and never shown again."


class Import(Given):
    """A file to be fetched."""

    model_config = example(url="https://clips.example/first-light.mp4", filename="First light.mp4")

    url: Annotated[Address, Field(description=_URL)]
    filename: Text | None = Field(default=None, description="As people see it; null: as the host calls it.")
