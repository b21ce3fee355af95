"""Once the video is published: the cover that a person chose, and what they have to know.

    (cover) ─► (compare)

Either only where it is needed. Nothing here can undo or repeat the publication, and the cover may be set any number of
times. YouTube takes one of a Short only once it is processed. Source: thumbnails.set; help page on thumbnails.
"""

from dataclasses import replace
from functools import partial
from typing import Never

from playout.application.ports import Task
from playout.domain.delivery import Done, Next, Receipt, State
from playout.domain.retry import Kind, PlatformFailure, Turn
from playout.platforms import cover
from playout.platforms.http import HttpFailure, join
from playout.platforms.youtube.api import OK, Api, bearer, refused, unanswered
from playout.platforms.youtube.mark import Mark
from playout.platforms.youtube.rules import is_short

_WWW = "https://www.youtube.com"
_NOT_ALLOWED = "forbidden"


def published(task: Task, mark: Mark, privacy: str) -> Done:
    """The receipt. `privacy`: that the video has now, "" if YouTube does not say."""
    changed = "" if privacy == task.options.get("privacy") else privacy
    mark = replace(mark, privacy=changed, since=task.now.timestamp())
    if cover.chosen(task.options) is not None:
        return Done(_receipt(task, mark), _completing("cover", task, mark))
    return _told(task, mark)


class Completing:
    """The steps that a receipt's `then` names."""

    def __init__(self, api: Api) -> None:
        self._api = api

    async def cover(self, task: Task) -> Done:
        """Sets it. Raises CHOOSE, a remark, where YouTube does not take it: after what weighs more, if that is left."""
        mark = Mark.of(task.checkpoint)
        try:
            await cover.give(task, "YouTube", mark.waited(task.now), partial(self._set, task, mark.video_id))
        except PlatformFailure as failure:
            if failure.kind is not Kind.CHOOSE or not mark.privacy:
                raise
            mark = replace(mark, remark=failure.sentence)
        return _told(task, mark)

    async def compare(self, task: Task) -> Never:
        """It is published, and seen by others than a person chose: they have to know."""
        mark = Mark.of(task.checkpoint)
        sentence = (
            f"YouTube made the video {mark.privacy}, though {task.options['privacy']} was chosen. A setting of the "
            "account may be the cause, or a Google project that is not verified. Change it in YouTube Studio."
        )
        raise PlatformFailure(Kind.CHOOSE, "privacy_changed", f"{sentence} {mark.remark}".strip(), turn=Turn.YOU)

    async def _set(self, task: Task, video_id: str, content: bytes) -> None:
        try:
            answer = await self._api.http.send(
                "POST",
                join(self._api.url, "upload/youtube/v3/thumbnails/set"),
                headers={**bearer(task.grant), "Content-Type": "image/jpeg"},
                query={"videoId": video_id, "uploadType": "media"},
                body=cover.pieces(content),
                length=len(content),
            )
        except HttpFailure as caught:
            failure = unanswered(caught)
        else:
            if answer.status == OK:
                return
            failure = refused(answer, task.now)
            if failure.code == _NOT_ALLOWED:
                sentence = (
                    "It is published; but YouTube takes covers only for channels that are verified by telephone, and "
                    "shows one of its own. Verify the channel at https://www.youtube.com/verify, then set the cover in "
                    "YouTube Studio."
                )
                failure = PlatformFailure(Kind.CHOOSE, "cover_refused", sentence, turn=Turn.YOU)
        raise failure


def _told(task: Task, mark: Mark) -> Done:
    return Done(_receipt(task, mark), _completing("compare", task, mark) if mark.privacy else None)


def _completing(step: str, task: Task, mark: Mark) -> Next:
    return Next(step, mark.kept(), state=State.PUBLISHED, sent=task.size, total=task.size)


def _receipt(task: Task, mark: Mark) -> Receipt:
    path = f"shorts/{mark.video_id}" if is_short(task.facts) else f"watch?v={mark.video_id}"
    return Receipt(mark.video_id, f"{_WWW}/{path}", task.now)
