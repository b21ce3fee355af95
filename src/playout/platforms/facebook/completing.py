"""Once the video stands on the Page: the cover that a person chose, if they did.

It can neither undo nor repeat the publication, and may be set any number of times. Source: reference of
`/{video-id}/thumbnails`.
"""

from functools import partial

from playout.application.ports import Task
from playout.domain.delivery import Done, Next, Receipt, State
from playout.platforms import cover
from playout.platforms.facebook.chunk import Chunk
from playout.platforms.facebook.mark import Mark
from playout.platforms.meta import Graph
from playout.platforms.reading import unreadable


def published(task: Task, mark: Mark, receipt: Receipt) -> Done:
    """The receipt, and what is still to be done."""
    if cover.chosen(task.options) is None:
        return Done(receipt)
    left = Mark(video_id=mark.video_id, since=task.now.timestamp()).kept()
    return Done(receipt, Next("cover", left, state=State.PUBLISHED, sent=task.size, total=task.size))


class Completing:
    """The step that a receipt's `then` names."""

    def __init__(self, graph: Graph) -> None:
        self._graph = graph

    async def cover(self, task: Task) -> Done:
        """Sets it. Raises CHOOSE, a remark, where Facebook does not take it."""
        mark = Mark.of(task.checkpoint)
        await cover.give(task, "Facebook", mark.waited(task.now), partial(self._set, task, mark.video_id))
        return Done(Receipt(mark.video_id, None, task.now))  # the address of the first one stands

    async def _set(self, task: Task, video_id: str, content: bytes) -> None:
        file = Chunk(
            {"is_preferred": "true"},
            lambda: cover.pieces(content),
            len(content),
            file='name="source"; filename="cover.jpg"',
            media_type="image/jpeg",
        )
        answer = await self._graph.ask(
            "POST",
            f"{video_id}/thumbnails",
            task.grant.access_token,
            now=task.now,
            body=file.stream(),
            length=file.length,
            content_type=file.content_type,
        )
        if answer.get("success") is not True:
            raise unreadable()
