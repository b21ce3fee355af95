"""What the generic part of the sandbox asks of an emulated platform."""

from collections.abc import Mapping, Sequence
from typing import Protocol, runtime_checkable

from starlette.requests import HTTPConnection
from starlette.responses import Response
from starlette.routing import BaseRoute


class Platform(Protocol):
    """One emulated platform: its mounts, its error shape, its settings."""

    @property
    def name(self) -> str:
        """Short name, also the key of its settings and the first part of its request kinds."""

    @property
    def prefixes(self) -> Sequence[str]:
        """Path prefixes that belong to it; requests below them are numbered and can be made to fail."""

    def kind(self, path: str) -> str:
        """The kind of request behind a path, like "tiktok.init"."""

    def streams(self, kind: str) -> bool:
        """Whether a body of this kind may be too large to hold in memory."""

    def error(self, kind: str, status: int, code: str | None) -> Response:
        """An error answer of the platform's own shape, for scripted faults."""

    def routes(self) -> Sequence[BaseRoute]:
        """What the platform serves, below its prefixes."""

    def control(self) -> Sequence[BaseRoute]:
        """What tests may do in the person's place, below `/_sandbox/<name>`."""

    def configure(self, changes: Mapping[str, object]) -> None:
        """Merge settings. Raises BadSettingError and then changes nothing."""

    def settings(self) -> Mapping[str, object]:
        """The settings in force, without secrets."""

    def reset(self) -> None:
        """Forget everything, settings included."""


@runtime_checkable
class ManyKindsAtOnePath(Protocol):
    """A platform where one path serves several kinds of request, told apart by method or headers."""

    def kind_of(self, request: HTTPConnection) -> str:
        """The kind of a request, instead of `kind`. The scope holds method, path, query and headers; no body yet."""


@runtime_checkable
class KindsInTheBody(Protocol):
    """A platform that has calls which only their body tells apart, like the phases of one upload."""

    def kind_in(self, kind: str, body: bytes) -> str:
        """A finer kind than `kind`, or `kind` itself. Asked only about what does not stream."""
