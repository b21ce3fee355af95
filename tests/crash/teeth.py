"""Seeded mistakes: each is made in a copy of the source, and the table has to find it.

A mistake that survives means that the table cannot see what it is there to see.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True, slots=True)
class Mistake:
    """A change of one place, and the cases that should notice."""

    name: str
    file: str
    old: str
    new: str
    only: str
    also: tuple[tuple[str, str, str], ...] = ()  # further edits: file, old, new


MISTAKES = (
    Mistake(
        "no fence before the write that must not be repeated",
        "application/deliver.py",
        "        if delivery.repeatable:\n",
        "        if True:\n",
        "pull/sqlite/kill_after-2",
    ),
    Mistake(
        "the fence is only in memory when the write leaves",
        "application/deliver.py",
        "delivery = await hand.save(moves.put_fence(delivery, self._clock.now()))",
        "delivery = hand.delivery = moves.put_fence(delivery, self._clock.now())",
        "pull/sqlite/kill_after-2",
    ),
    Mistake(
        "a step where a fence stands",
        "application/deliver.py",
        "(self._look if looked else self._step)",
        "self._step",
        "direct/sqlite/kill_after-8",
    ),
    Mistake(
        "the handle is not saved with the fence",
        "application/hand.py",
        "self.delivery = await self._store.deliveries.save(delivery, events)",
        "self.delivery = await self._store.deliveries.save(replace(delivery, checkpoint=None), events)",
        "direct/sqlite/kill_after-8",
    ),
    Mistake(
        "nothing is saved while one step follows the other",
        "application/deliver.py",
        "        saved = await hand.save(moved, self._events(work.delivery, moved, round(seconds * 1000)))\n",
        "        events = self._events(work.delivery, moved, round(seconds * 1000))\n"
        "        saved = moved if moved.in_hand_until is not None else await hand.save(moved, events)\n"
        "        hand.delivery = saved\n",
        "direct/sqlite/kill_after-8",
        (
            (
                "application/deliver.py",
                "delivery = await hand.save(moves.put_fence(delivery, self._clock.now()))",
                "delivery = hand.delivery = moves.put_fence(delivery, self._clock.now())",
            ),
        ),
    ),
    Mistake(
        "a renewed grant is used and not saved",
        "application/grants.py",
        "Opened(await self._save(fenced, grant), grant, opened.box)",
        "Opened(fenced, grant, opened.box)",
        "renewing/sqlite/commit",
    ),
    Mistake(
        "an unknown outcome is repeated blindly",
        "domain/verdict.py",
        "            if looked or delivery.fence is None:\n",
        "            delivery = moves.lift_fence(delivery)\n            if looked:\n",
        "pull/sqlite/reset_after-2",
    ),
    Mistake(
        "the HTTP client sends again by itself",
        "platforms/http.py",
        "    try:\n        return await handler(request)\n",
        "    try:\n        try:\n            return await handler(request)\n"
        "        except (aiohttp.ClientError, OSError):\n            return await handler(request)\n",
        "pull/sqlite/reset_after-2",
    ),
    Mistake(
        "a look begins anew although the platform has fetched everything",
        "platforms/tiktok/publishing.py",
        "if fetched in {Fetched.NOTHING, Fetched.SOMETHING} and ",
        "if ",
        "pull/sqlite/(kill|reset)_after-2",
    ),
    Mistake(
        "a look begins anew although nobody knows what the platform has fetched from the bucket",
        "platforms/tiktok/publishing.py",
        "if fetched in {Fetched.NOTHING, Fetched.SOMETHING} and ",
        "if fetched is not Fetched.EVERYTHING and ",
        "pull from the bucket/dynamodb/(kill|reset)_after-2",
    ),
    Mistake(
        "an address that was not yet offered cannot be withdrawn",
        "application/pulls.py",
        "        await self._store.ephemera.put_new(_key(nonce), _new_note(video, withdrawn=True), now + KEPT, now)\n",
        "",
        "pull/postgresql/frozen at commit-5",
        (
            (
                "application/pulls.py",
                "withdraw(self, nonce: str, video: Video) -> Fetched:\n",
                "withdraw(self, nonce: str, _: Video) -> Fetched:\n",
            ),
        ),
    ),
    Mistake(
        "a session is not asked before the last chunk is sent once more",
        "platforms/youtube/publishing.py",
        """        if task.step == "finish":
            return await self._resync(replace(task, checkpoint=_sent_to_the_end(task).kept()))
""",
        """        if task.step == "finish":
            return _afresh(Mark.of(task.checkpoint), _NOW, task)
""",
        "youtube/sqlite/(kill|reset)_after",
    ),
    Mistake(
        "a container is published again without being read",
        "platforms/instagram/settling.py",
        """        mark = Mark.of(task.checkpoint)
        return await self._settle(task, replace(mark, publishes=mark.publishes + 1, since=task.now.timestamp()))
""",
        """        return Next("publish", task.checkpoint, repeatable=False, state=State.PROCESSING, total=task.size)
""",
        "instagram/sqlite/(kill|reset)_after",
    ),
    Mistake(
        "a worker that stood still sends all the same",
        "platforms/http.py",
        "    STILL_OURS.get()()\n",
        "",
        "instagram/postgresql/frozen at send-",
    ),
    Mistake(
        "another reel is begun where the request to publish is in doubt",
        "platforms/facebook/publishing.py",
        """        if task.step in _ASKS:
            return await self._wait.look(task)
""",
        """        if task.step in _ASKS:
            return self._first(task, Mark(), timedelta(0))
""",
        "facebook reel/sqlite/(kill|reset)_after",
    ),
    Mistake(
        "what a killed worker held never falls out of its hands",
        "storage/sql/claim.py",
        "wake_at=later(deliveries.c.due_at, _UNTIL)",
        "wake_at=None",
        "direct/sqlite/kill_before-1",
    ),
    Mistake(
        "the first transient failure is final",
        "domain/verdict.py",
        "if delivery.tries + 1 < MOST_TRIES:",
        "if delivery.tries + 1 < 1:",
        "direct/sqlite/reset_before-2",
    ),
    Mistake(
        "the last save wins, whoever was faster",
        "storage/sql/rows.py",
        '[table.c.version == bindparam("loaded_version")]',
        '[table.c.version >= bindparam("loaded_version") * 0]',
        "pull/postgresql/frozen at send-2",
    ),
    Mistake(
        "what a killed worker held never falls out of its hands in DynamoDB",
        "storage/dynamodb/claim.py",
        '"due_sk": text(said(max(one.due_at, until)))',
        '"due_sk": text("~")',
        "pull/dynamodb/kill_before-1",
    ),
    Mistake(
        "a look does not recognise that everything had arrived",
        "platforms/tiktok/publishing.py",
        'if status.word not in {"", "PROCESSING_UPLOAD"} or status.received == task.size:',
        "if False:",
        "direct/sqlite/kill_after-8",
    ),
)


def all_mistakes(only: str) -> int:
    """Exit code 1 if one survives."""
    survived = [one.name for one in MISTAKES if only in one.name and not _found(one)]
    print(f"{len(MISTAKES) - len(survived)} of {len(MISTAKES)} seeded mistakes found")
    return 1 if survived else 0


def _found(mistake: Mistake) -> bool:
    with tempfile.TemporaryDirectory(prefix="teeth-") as folder:
        source = Path(folder) / "src"
        shutil.copytree(ROOT / "src", source)
        for name, old, new in ((mistake.file, mistake.old, mistake.new), *mistake.also):
            file = source / "playout" / name
            text = file.read_text()
            if text.count(old) != 1:
                msg = f"“{mistake.name}” cannot be made: its place in {name} has changed"
                raise SystemExit(msg)
            file.write_text(text.replace(old, new))
        run = subprocess.run(
            [sys.executable, "-m", "tests.crash", "all", "--only", mistake.only],
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": str(source)},
            capture_output=True,
            text=True,
            check=False,
        )
    lines = [*run.stdout.splitlines(), *run.stderr.splitlines()]
    signs = [line for line in lines if line.startswith(("WRONG", "unconfirmed:", "RuntimeError: the clean run"))]
    found = run.returncode == 1 and bool(signs)
    first = signs[0] if signs else " ".join(lines[-5:])
    print(f"{'found   ' if found else 'SURVIVED'} {mistake.name}: {first[:160]}", flush=True)
    return found
