"""What the generic part of the sandbox asks of an emulated platform."""

from collections.abc import Mapping, Sequence
from typing import Protocol

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
