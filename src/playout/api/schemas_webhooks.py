"""The bodies of /webhooks."""

from typing import Annotated, Any

from pydantic import Field, WithJsonSchema

from playout.api.schemas import example
from playout.api.words import Address, Given, Text, Time, Told
from playout.domain.webhook import ANNOUNCED, SendingState

_URL = "https://hooks.example.com/playout"
_KINDS = WithJsonSchema({"type": "string", "enum": sorted(ANNOUNCED)})
Kind = Annotated[Text, _KINDS]
_ADDRESS = Field(description="A public https address.")


class NewWebhook(Given):
    """An address that wants to hear what happens."""

    model_config = example(url=_URL, events=["delivery.published", "delivery.failed"])

    url: Annotated[Address, _ADDRESS]
    events: list[Kind] = Field(default_factory=list, max_length=100, description="Kinds; none: all there are.")


class WebhookChange(Given):
    """What is to be different; what is not given stays."""

    model_config = example(enabled=False)

    url: Annotated[Address, _ADDRESS] | None = None
    events: list[Kind] | None = Field(default=None, max_length=100)
    enabled: bool | None = Field(default=None, description="While false, nothing is sent there.")


class Webhook(Told):
    """An address that is told."""

    id: str
    url: str
    events: list[str] = Field(description="Kinds that it asks for; none: all there are.")
    enabled: bool = Field(description="False also after its host answered 410 Gone.")
    created_at: Time
    former_secret_until: Time | None = Field(description="Until when the former secret signs beside the new one.")
    version: int


class WebhookWithSecret(Webhook):
    """The only time that its secret is shown."""

    secret: str = Field(description="`whsec_…`: what signatures are checked with (Standard Webhooks).")


Body = Annotated[dict[str, Any], WithJsonSchema({"type": "object", "additionalProperties": True})]


class WebhookDelivery(Told):
    """One message to a webhook, and how far it is."""

    id: str = Field(description="The header `webhook-id`: the same at every try.")
    webhook_id: str
    event: str
    state: SendingState
    tries: int
    status: int | None = Field(description="HTTP status of the last answer; null: there was none.")
    code: str | None = Field(description="Why the last try failed: `unreachable`, `http_500`, `address_refused`, …")
    created_at: Time
    last_at: Time | None
    next_at: Time | None = Field(description="When it is tried again.")
    body: Body
