"""All use cases in one place: what a face is handed."""

from dataclasses import dataclass

from playout.application.channels import Channels
from playout.application.deliveries import Deliveries
from playout.application.imports import Imports
from playout.application.keys import KeyRotation
from playout.application.news import News
from playout.application.once import Once
from playout.application.people import People
from playout.application.ports import Clock, Store
from playout.application.posts import Posts
from playout.application.pulls import Pulls
from playout.application.renditions import Renditions
from playout.application.uploads import Uploads
from playout.application.videos import Videos
from playout.application.workspaces import Workspaces


@dataclass(frozen=True, slots=True)
class Services:
    """The hall, as the faces see it."""

    workspaces: Workspaces
    channels: Channels
    news: News
    videos: Videos
    imports: Imports
    uploads: Uploads
    renditions: Renditions
    posts: Posts
    deliveries: Deliveries
    people: People
    pulls: Pulls
    once: Once
    keys: KeyRotation
    store: Store  # for health checks only: `ping`
    clock: Clock
