"""The Protocols between the hall and the rooms, by port. Memory implementations of each are shipped.

`store` keeps records, `platform` speaks to TikTok and the others, `files` keeps bytes, `egress` reaches what people
name, `house` is the rest: vault, engine, clock, probe.
"""

from playout.application.ports.egress import Egress, Fetching, Reply
from playout.application.ports.files import Files, Probe, Probed, Render, Stored
from playout.application.ports.house import Box, Clock, Engine, Handler, Vault
from playout.application.ports.platform import (
    Connection,
    Fetched,
    Newscaster,
    Platform,
    Pulls,
    Removed,
    SignedRequests,
    Task,
    Webhook,
    Withdrawal,
)
from playout.application.ports.store import (
    Channels,
    Chore,
    Chores,
    Deliveries,
    Ephemera,
    Events,
    Page,
    People,
    Posts,
    Ref,
    Sendings,
    Store,
    Tokens,
    Videos,
    Webhooks,
    Work,
    Workspaces,
)

__all__ = [
    "Box",
    "Channels",
    "Chore",
    "Chores",
    "Clock",
    "Connection",
    "Deliveries",
    "Egress",
    "Engine",
    "Ephemera",
    "Events",
    "Fetched",
    "Fetching",
    "Files",
    "Handler",
    "Newscaster",
    "Page",
    "People",
    "Platform",
    "Posts",
    "Probe",
    "Probed",
    "Pulls",
    "Ref",
    "Removed",
    "Render",
    "Reply",
    "Sendings",
    "SignedRequests",
    "Store",
    "Stored",
    "Task",
    "Tokens",
    "Vault",
    "Videos",
    "Webhook",
    "Webhooks",
    "Withdrawal",
    "Work",
    "Workspaces",
]
