"""The users of the load bench, by locust: a process of its own, which reads a `Plan` and writes what was measured.

Locust changes the standard library for the whole process: nothing else is to import this file.
"""

import json
import random
import sys
import time
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import cycle
from typing import Any, ClassVar
from urllib.parse import urlencode
from uuid import uuid4

from locust import FastHttpUser, constant, task
from locust.contrib.fasthttp import FastResponse
from locust.env import Environment

API = "/api/v1"
STATES = ("held", "unconfirmed", "failed", "waiting", "published")


@dataclass(slots=True)
class Tally:
    """What came of the requests that began after the first seconds."""

    began: float
    seconds: dict[str, list[float]] = field(default_factory=dict)  # by kind of request
    statuses: Counter[int] = field(default_factory=Counter)
    unexpected: Counter[str] = field(default_factory=Counter)

    def note(self, name: str, began: float, status: int, expected: int) -> None:
        if began < self.began:
            return
        self.seconds.setdefault(name, []).append(time.perf_counter() - began)
        self.statuses[status] += 1
        if status != expected:
            self.unexpected[f"{name}: {status}"] += 1


class Caller(FastHttpUser):
    """One program that asks without a pause: four times in five it reads."""

    wait_time = constant(0)
    connection_timeout = network_timeout = 30.0
    plan: ClassVar[dict[str, Any]]
    tally: ClassVar[Tally]

    def on_start(self) -> None:
        self._random = random.Random()  # noqa: S311 -- anything will do
        self._videos = cycle(self._random.sample(self.plan["fresh_videos"], len(self.plan["fresh_videos"])))
        self._drafts: list[tuple[str, str]] = []  # id and ETag
        self._scheduled: list[str] = []

    # ── reads ───────────────────────────────────────────────────────────────────────────────────

    @task(11)
    def newest_posts(self) -> None:
        self._ask("GET", "/posts", "GET /posts")

    @task(10)
    def deep_posts(self) -> None:
        self._ask("GET", f"/posts?limit=20&cursor={self._one('posts')}", "GET /posts, deep")

    @task(20)
    def one_post(self) -> None:
        self._ask("GET", f"/posts/{self._one('posts')}", "GET /posts/{id}")

    @task(8)
    def deliveries_by_state(self) -> None:
        self._ask("GET", f"/deliveries?limit=20&state={self._random.choice(STATES)}", "GET /deliveries, state")

    @task(6)
    def deliveries_of_a_channel(self) -> None:
        where = f"channel_id={self._one('channels')}&state=failed&cursor={self._one('deliveries')}"
        self._ask("GET", f"/deliveries?limit=20&{where}", "GET /deliveries, channel")

    @task(12)
    def events(self) -> None:
        self._ask("GET", f"/deliveries/{self._one('deliveries')}/events", "GET /deliveries/{id}/events")

    @task(4)
    def calendar(self) -> None:
        start = datetime.now(UTC) + timedelta(days=self._random.randrange(50))  # noqa: TID251 -- as below
        query = urlencode({"from": start.isoformat(), "to": (start + timedelta(days=7)).isoformat()})
        self._ask("GET", f"/calendar?{query}", "GET /calendar, a week")

    @task(5)
    def me(self) -> None:
        self._ask("GET", "/me", "GET /me")

    @task(4)
    def validate(self) -> None:
        self._ask("POST", "/posts/validate", "POST /posts/validate", body=self._wanted(scheduled=True))

    # ── writes ──────────────────────────────────────────────────────────────────────────────────

    @task(4)
    def draft(self) -> None:
        made = self._ask("POST", "/posts", "POST /posts, draft", 201, body=self._wanted() | {"draft": True})
        if made:
            self._drafts.append((made.json()["id"], _tag(made)))

    @task(5)
    def post(self) -> None:
        headers = {"Idempotency-Key": str(uuid4())} if self._random.random() < 0.5 else {}
        body = self._wanted(scheduled=True)
        made = self._ask("POST", "/posts", "POST /posts, scheduled", 201, body=body, headers=headers)
        if headers and self._random.random() < 0.2:  # its answer was lost, so it asks again
            self._ask("POST", "/posts", "POST /posts, replayed", 201, body=body, headers=headers)
        if made:
            self._scheduled.append(made.json()["id"])

    @task(5)
    def change(self) -> None:
        if not self._drafts:
            return self.draft()
        post_id, tag = self._drafts.pop()
        body, headers = {"title": f"Better {self._random.random()}"}, {"If-Match": tag}
        changed = self._ask("PATCH", f"/posts/{post_id}", "PATCH /posts/{id}", body=body, headers=headers)
        if changed:
            self._drafts.append((post_id, _tag(changed)))
        return None

    @task(3)
    def schedule(self) -> None:
        if not self._drafts:
            return self.draft()
        post_id, _ = self._drafts.pop(0)
        if self._ask("POST", f"/posts/{post_id}/schedule", "POST /posts/{id}/schedule", body={"scheduled_at": _soon()}):
            self._scheduled.append(post_id)
        return None

    @task(3)
    def cancel(self) -> None:
        if not self._scheduled:
            return self.post()
        self._ask("POST", f"/posts/{self._scheduled.pop(0)}/cancel", "POST /posts/{id}/cancel")
        return None

    # ── asking ──────────────────────────────────────────────────────────────────────────────────

    def _one(self, kind: str) -> str:
        return str(self._random.choice(self.plan[kind]))

    def _wanted(self, *, scheduled: bool = False) -> dict[str, Any]:
        destination = self._random.choice(self.plan["destinations"])
        body = {"video_id": next(self._videos), "caption": "A load of posts #bench", "destinations": [destination]}
        return body | ({"scheduled_at": _soon()} if scheduled else {})

    def _ask(
        self,
        method: str,
        path: str,
        name: str,
        expected: int = 200,
        *,
        body: dict[str, Any] | None = None,
        headers: dict[str, str] | None = None,
    ) -> FastResponse | None:
        """The answer, if it is the expected one."""
        known = {"Authorization": f"Bearer {self.plan['token']}", **(headers or {})}
        began = time.perf_counter()
        answer = self.client.request(method, API + path, name=name, headers=known, json=body)
        self.tally.note(name, began, answer.status_code, expected)
        return answer if answer.status_code == expected else None


def _tag(answer: FastResponse) -> str:
    assert answer.headers
    return str(answer.headers["ETag"])


def _soon() -> str:
    """In the next two months, spread so that no day of a channel is full."""
    ahead = timedelta(days=1, seconds=random.randrange(60 * 86400))  # noqa: S311 -- as above
    return (datetime.now(UTC) + ahead).isoformat()  # noqa: TID251 -- a program of its own


def main() -> None:
    """Reads the plan from standard input."""
    Caller.plan = plan = json.load(sys.stdin)
    Caller.tally = tally = Tally(time.perf_counter() + plan["warm_up"])
    environment = Environment(user_classes=[Caller], host=plan["url"], stop_timeout=10)
    runner = environment.create_local_runner()
    runner.start(plan["users"], spawn_rate=plan["users"])
    time.sleep(plan["warm_up"] + plan["seconds"])  # locust's own, as everything of the standard library here
    counted = sum(tally.statuses.values()) / (time.perf_counter() - tally.began)
    runner.quit()
    told = {
        "rate": counted,
        "seconds": tally.seconds,
        "statuses": tally.statuses,
        "unexpected": tally.unexpected,
    }
    json.dump(told, sys.stdout)


if __name__ == "__main__":
    main()
