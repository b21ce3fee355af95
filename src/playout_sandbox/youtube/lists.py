"""The lists beside the videos (section 5): channels, the uploads playlist, categories."""

import base64
import binascii

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from playout_sandbox.youtube.access import enter, filter_of, parts_of
from playout_sandbox.youtube.categories import ASSIGNABLE, OWNER, TITLES
from playout_sandbox.youtube.errors import Refusal, parameter
from playout_sandbox.youtube.records import Access, Channel, Video
from playout_sandbox.youtube.resource import Resource, listing, moment, pictures, tagged, thumbnails
from playout_sandbox.youtube.scopes import MAY_READ
from playout_sandbox.youtube.state import State

_MOST = 50
_USUAL = 5
_CHANNEL_FILTERS = ("mine", "id", "forHandle", "forUsername", "managedByMe", "mySubscribers", "categoryId")
_CHANNEL_PARTS = {"brandingSettings", "contentDetails", "id", "localizations", "snippet", "statistics", "status"}
_ITEM_PARTS = {"contentDetails", "id", "snippet", "status"}


class Lists:
    """Reads only."""

    def __init__(self, state: State) -> None:
        self._state = state

    async def channels(self, request: Request) -> Response:
        """Exactly one filter (row 52). An account without a channel gets no items."""
        access = enter(self._state, request, MAY_READ)
        parts = parts_of(request, _CHANNEL_PARTS)
        chosen, value = filter_of(request, _CHANNEL_FILTERS)
        if chosen == "mine":
            found = [self._state.channel(access.creator)]
        elif chosen in {"id", "forHandle"}:
            found = [channel for one in value.split(",") if (channel := self._state.config.creator(one))]
        else:
            raise parameter("invalidParameter", chosen, "This filter is not emulated.")
        items = [self._channel(channel, parts, request) for channel in found if channel.exists]
        return JSONResponse(listing("channel", items))

    async def playlist_items(self, request: Request) -> Response:
        """An uploads playlist, newest first; the owner sees private ones too. It lags behind (`list_delay`)."""
        access = enter(self._state, request, MAY_READ)
        parts = parts_of(request, _ITEM_PARTS)
        _, playlist = filter_of(request, ("playlistId",))
        channel = next((one for one in self._state.config.creators if one.uploads == playlist and one.exists), None)
        if channel is None:
            raise Refusal(404, "playlistNotFound", "The playlist cannot be found.")
        size, start = _page(request)
        listed = self._listed(access, channel)
        end = start + size
        items = [_item(video, channel, start + place, parts) for place, video in enumerate(listed[start:end])]
        more = {"nextPageToken": _token(end)} if end < len(listed) else {}
        return JSONResponse(listing("playlistItem", items, len(listed), **more))

    async def categories(self, request: Request) -> Response:
        """All of them, by region or by id; not all are assignable."""
        enter(self._state, request, MAY_READ)
        parts_of(request, {"snippet", "id"})
        chosen, value = filter_of(request, ("regionCode", "id"))
        wanted = set(value.split(",")) if chosen == "id" else set(TITLES)
        items = [
            tagged(
                {
                    "kind": "youtube#videoCategory",
                    "id": number,
                    "snippet": {"title": title, "assignable": number in ASSIGNABLE, "channelId": OWNER},
                }
            )
            for number, title in TITLES.items()
            if number in wanted
        ]
        return JSONResponse(listing("videoCategory", items))

    def _listed(self, access: Access, channel: Channel) -> list[Video]:
        before = self._state.now - self._state.config.list_delay
        own = access.creator == channel.id
        listable = (video for video in self._state.uploads_of(channel.id) if video.at <= before)
        return [video for video in listable if own or (video.processed and video.metadata.privacy == "public")]

    def _channel(self, channel: Channel, parts: tuple[str, ...], request: Request) -> Resource:
        videos = self._state.uploads_of(channel.id)
        public = [video for video in videos if video.processed and video.metadata.privacy == "public"]
        base = str(request.base_url).rstrip("/")
        may_be_long = channel.verified or self._state.config.long_uploads
        known: Resource = {
            "snippet": {
                "title": channel.title,
                "description": "",
                "customUrl": f"@{channel.handle}",
                "publishedAt": "2020-01-01T00:00:00Z",
                "thumbnails": {
                    name: {"url": f"{base}/feed/avatar/{channel.handle}.svg", "width": 100, "height": 100}
                    for name in pictures("")
                },
            },
            "contentDetails": {"relatedPlaylists": {"likes": "", "uploads": channel.uploads}},
            "statistics": {
                "viewCount": str(sum(video.numbers["view_count"] for video in videos)),
                "subscriberCount": "0",
                "hiddenSubscriberCount": False,
                "videoCount": str(len(public)),
            },
            "status": {
                "privacyStatus": "public",
                "isLinked": True,
                "longUploadsStatus": "allowed" if may_be_long else "eligible",
            },
        }
        shown = {name: known[name] for name in parts if name in known}
        return tagged({"kind": "youtube#channel", "id": channel.id, **shown})


def _item(video: Video, channel: Channel, position: int, parts: tuple[str, ...]) -> Resource:
    public = {} if video.public_since is None else {"videoPublishedAt": moment(video.public_since)}
    known: Resource = {
        "snippet": {
            "publishedAt": moment(video.at),
            "channelId": channel.id,
            "title": video.metadata.title,
            "description": video.metadata.description,
            "thumbnails": thumbnails(video),
            "channelTitle": channel.title,
            "playlistId": channel.uploads,
            "position": position,
            "resourceId": {"kind": "youtube#video", "videoId": video.id},
        },
        "contentDetails": {"videoId": video.id, **public},
        "status": {"privacyStatus": video.metadata.privacy},
    }
    shown = {name: known[name] for name in parts if name in known}
    return tagged({"kind": "youtube#playlistItem", "id": f"{channel.uploads}.{video.id}", **shown})


def _page(request: Request) -> tuple[int, int]:
    """How many, from where."""
    size = request.query_params.get("maxResults", str(_USUAL))
    if not size.isdecimal() or int(size) > _MOST:
        raise parameter("invalidParameter", "maxResults", "Values must be within the range: [0, 50]")
    token = request.query_params.get("pageToken")
    return int(size), 0 if token is None else _start(token)


def _token(start: int) -> str:
    return base64.urlsafe_b64encode(f"from:{start}".encode()).decode()


def _start(token: str) -> int:
    try:
        word, _, start = base64.urlsafe_b64decode(token).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        word, start = "", ""
    if word != "from" or not start.isdecimal():
        raise parameter("invalidPageToken", "pageToken", "The request specifies an invalid page token.")
    return int(start)
