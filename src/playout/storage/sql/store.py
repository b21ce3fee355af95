"""The twelve ports over one runner."""

from playout.storage.sql.channels import SqlChannels
from playout.storage.sql.chores import SqlChores
from playout.storage.sql.deliveries import SqlDeliveries
from playout.storage.sql.ephemera import SqlEphemera
from playout.storage.sql.history import SqlEvents
from playout.storage.sql.people import SqlPeople, SqlTokens, SqlWorkspaces
from playout.storage.sql.posts import SqlPosts
from playout.storage.sql.runner import Runner
from playout.storage.sql.videos import SqlVideos
from playout.storage.sql.webhooks import SqlSendings, SqlWebhooks


class SqlStore:
    """What SQLite and PostgreSQL share: all but how a script is run and how the schema is made."""

    def __init__(self, runner: Runner) -> None:
        self.deliveries = SqlDeliveries(runner)
        self.posts = SqlPosts(runner)
        self.videos = SqlVideos(runner)
        self.channels = SqlChannels(runner)
        self.chores = SqlChores(runner)
        self.events = SqlEvents(runner)
        self.workspaces = SqlWorkspaces(runner)
        self.webhooks = SqlWebhooks(runner)
        self.sendings = SqlSendings(runner)
        self.people = SqlPeople(runner)
        self.tokens = SqlTokens(runner)
        self.ephemera = SqlEphemera(runner)
