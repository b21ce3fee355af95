"""All use cases in one place: what a face is handed."""

from dataclasses import dataclass

from playout.application.account import Account
from playout.application.calendar import Calendar
from playout.application.channels import Channels
from playout.application.deliveries import Deliveries
from playout.application.erasure import Erasure
from playout.application.exports import Exports
from playout.application.imports import Imports
from playout.application.keys import KeyRotation
from playout.application.membership import Membership
from playout.application.news import News
from playout.application.once import Once
from playout.application.people import People
from playout.application.ports import Clock, Store
from playout.application.posts import Posts
from playout.application.pulls import Pulls
from playout.application.renditions import Renditions
from playout.application.sessions import Sessions
from playout.application.signing_in import SigningIn
from playout.application.slots import ChannelSlots
from playout.application.uploads import Uploads
from playout.application.videos import Videos
from playout.application.webhooks import Webhooks
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
    exports: Exports
    renditions: Renditions
    posts: Posts
    slots: ChannelSlots
    calendar: Calendar
    deliveries: Deliveries
    webhooks: Webhooks
    people: People
    sessions: Sessions
    signing_in: SigningIn
    membership: Membership
    account: Account
    erasure: Erasure
    pulls: Pulls
    once: Once
    keys: KeyRotation
    store: Store  # for health checks only: `ping`
    clock: Clock
