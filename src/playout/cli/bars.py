"""Progress on a terminal, with Rich. Loaded only there."""

from contextlib import AbstractContextManager
from types import TracebackType
from typing import Self, TextIO

from rich.console import Console
from rich.progress import (
    BarColumn,
    DownloadColumn,
    Progress,
    ProgressColumn,
    SpinnerColumn,
    Task,
    TaskID,
    TextColumn,
    TimeRemainingColumn,
    TransferSpeedColumn,
)
from rich.text import Text


class OnlyWithBytes(ProgressColumn):
    """Shows a column while there are bytes to count; a wait has no speed."""

    def __init__(self, inner: ProgressColumn) -> None:
        super().__init__()
        self._inner = inner

    def render(self, task: Task) -> Text:
        """Nothing for a wait."""
        return Text.assemble(self._inner(task)) if task.total else Text("")  # type: ignore[arg-type]  # all are Text


class Bars(AbstractContextManager["Bars"]):
    """One line for each thing that goes on."""

    def __init__(self, stream: TextIO, *, colour: bool) -> None:
        self._progress = Progress(
            SpinnerColumn(),
            TextColumn("{task.description}"),
            BarColumn(bar_width=28),
            OnlyWithBytes(DownloadColumn(binary_units=True)),
            OnlyWithBytes(TransferSpeedColumn()),
            OnlyWithBytes(TimeRemainingColumn(compact=True)),
            console=Console(file=stream, no_color=not colour),
            transient=True,
            redirect_stdout=False,  # data does not belong among the messages
        )
        self._tasks: dict[str, TaskID] = {}
        self._totals: dict[str, int] = {}

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._progress.stop()

    def show(self, key: str, label: str, done: int = 0, total: int = 0) -> None:
        """`done` of `total` bytes; total 0: a bar that only moves."""
        if key in self._tasks and self._totals[key] != total:
            self.over(key)  # Rich keeps a total once it has one
        if key not in self._tasks:
            self._tasks[key] = self._progress.add_task(label, total=total or None)
            self._totals[key] = total
        self._progress.update(self._tasks[key], description=label, completed=done)

    def hint(self, key: str, label: str) -> None:
        """A bar that only moves."""
        self.show(key, label)

    def over(self, key: str) -> None:
        """Its line goes."""
        task = self._tasks.pop(key, None)
        if task is not None:
            self._progress.remove_task(task)
