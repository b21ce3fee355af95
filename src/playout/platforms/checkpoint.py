"""What is kept of a delivery between two steps, as a typed record: each adapter has its own."""

from collections.abc import Mapping
from dataclasses import fields
from typing import Any, ClassVar, Self

from playout.domain.delivery import JsonValue


class Checkpoint:
    """Base of frozen dataclasses whose fields are plain values with a default; what is at its default is not kept."""

    __slots__ = ()
    __dataclass_fields__: ClassVar[dict[str, Any]]

    @classmethod
    def of(cls, checkpoint: Mapping[str, JsonValue]) -> Self:
        """Reads one; what another version kept beside is left out."""
        known: dict[str, Any] = {one.name: checkpoint[one.name] for one in fields(cls) if one.name in checkpoint}
        return cls(**known)

    def kept(self) -> dict[str, JsonValue]:
        """As it is handed to the law, which seals it."""
        start = type(self)()
        values: dict[str, Any] = {one.name: getattr(self, one.name) for one in fields(self)}
        return {name: value for name, value in values.items() if value != getattr(start, name)}
