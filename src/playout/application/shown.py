"""A post as people see it: with what was made of it."""

from collections.abc import Sequence
from dataclasses import dataclass

from playout.application.ports import Store
from playout.domain.delivery import Delivery
from playout.domain.post import Post


@dataclass(frozen=True, slots=True)
class Shown:
    """A post with its deliveries."""

    post: Post
    deliveries: tuple[Delivery, ...]


async def with_deliveries(store: Store, workspace_id: str, posts: Sequence[Post]) -> tuple[Shown, ...]:
    """Each with its own, which are read at once."""
    made: dict[str, list[Delivery]] = {post.id: [] for post in posts}
    for one in await store.deliveries.of_posts(workspace_id, made):
        made[one.post_id].append(one)
    return tuple(Shown(post, tuple(made[post.id])) for post in posts)
