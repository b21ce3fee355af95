"""Puts the hall together from its ports: the services that faces are handed, and the handlers that the engine runs."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from random import Random

from playout.application.channels import RELEASE, RENEW, Channels
from playout.application.chores import ChoreHandler, Chores
from playout.application.deliver import Deliver
from playout.application.deliveries import Deliveries
from playout.application.grants import Grants
from playout.application.holding import Holding
from playout.application.imports import FETCH, Imports
from playout.application.keys import KeyRotation
from playout.application.lateness import Lateness
from playout.application.meter import NoMeter
from playout.application.news import News
from playout.application.once import Once
from playout.application.people import Passwords, People
from playout.application.ports import Clock, Egress, Files, Platform, Probe, Render, Store, Vault
from playout.application.ports.files import Growing
from playout.application.ports.house import Meter
from playout.application.posts import Posts
from playout.application.preflight import Preflight
from playout.application.pulls import Pulls
from playout.application.ready import Preparation
from playout.application.renditions import RENDER, Renditions
from playout.application.services import Services
from playout.application.tidying import TIDY, Tidying
from playout.application.uploads import UPLOAD, Uploads
from playout.application.videos import PROBE, Videos
from playout.application.workspaces import Workspaces


@dataclass(frozen=True, slots=True)
class Ports:
    """What the hall stands on: one implementation of each Protocol."""

    store: Store
    files: Files
    growing: Growing
    probe: Probe
    render: Render
    egress: Egress
    vault: Vault
    passwords: Passwords
    platforms: Mapping[str, Platform]
    clock: Clock
    random: Random
    meter: Meter = field(default_factory=NoMeter)


@dataclass(frozen=True, slots=True)
class Hall:
    """Services for the faces; handlers for the engine."""

    services: Services
    deliver: Deliver
    chores: Chores
    lateness: Lateness  # runs beside them


def furnish(
    ports: Ports,
    *,
    public_url: str,
    most_bytes: int,
    pull_base: str = "",
    upload_lifetime: timedelta = timedelta(hours=24),
) -> Hall:
    """Puts it together. `most_bytes`: the largest file taken in. Of the rest see `Pulls` and `Uploads`."""
    store, platforms, clock = ports.store, ports.platforms, ports.clock
    grants, holding = Grants(store, ports.vault, clock), Holding(store, clock)
    channels = Channels(store, platforms, grants, holding, clock, public_url)
    renditions = Renditions(store, ports.files, ports.probe, ports.render, platforms, clock)
    pulls = Pulls(store, ports.files, clock, public_url, pull_base)
    videos = Videos(store, ports.files, ports.probe, renditions, clock, most_bytes=most_bytes)
    services = Services(
        workspaces=Workspaces(store),
        channels=channels,
        news=News(store, platforms, grants, holding, clock, public_url),
        videos=videos,
        uploads=Uploads(
            store,
            ports.growing,
            videos,
            clock,
            public_url=public_url,
            most_bytes=most_bytes,
            lifetime=upload_lifetime,
        ),
        imports=Imports(store, ports.files, ports.egress, clock, most_bytes=most_bytes),
        renditions=renditions,
        posts=Posts(store, platforms, Preflight(store, platforms, channels, clock), renditions, clock),
        deliveries=Deliveries(store, clock),
        people=People(store, ports.passwords, clock),
        pulls=pulls,
        once=Once(store, clock),
        keys=KeyRotation(store.channels, ports.vault, clock),
        store=store,
        clock=clock,
    )
    lateness = Lateness(store, clock)
    preparation = Preparation(platforms, ports.files, ports.probe, grants, pulls, renditions, lateness, clock)
    handlers: Mapping[str, ChoreHandler] = {
        PROBE: services.videos.probe,
        TIDY: Tidying(store, ports.files, pulls, clock, services.uploads.sweep),
        UPLOAD: services.uploads.expire,
        FETCH: services.imports.fetch,
        RENDER: renditions.make,
        RENEW: channels.renew,
        RELEASE: channels.release,
    }
    deliver = Deliver(store, preparation, grants, holding, clock, ports.random, ports.meter)
    return Hall(services, deliver, Chores(store, handlers, clock, ports.random, ports.meter), lateness)
