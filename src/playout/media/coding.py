"""Pictures and sound coded anew, as a Recipe says. Runs in a worker.

Not here: how the source is opened (opening), the filters and settings (graphs), limits and progress (render_worker).
"""

import os
from collections.abc import Callable, Iterator, Sequence
from fractions import Fraction
from typing import Generic, TypeVar, cast

import av
import av.error
from av.audio.frame import AudioFrame
from av.audio.stream import AudioStream
from av.filter import Graph
from av.stream import Stream
from av.video.frame import PictureType, VideoFrame

from playout.domain.rendition import Recipe
from playout.media.graphs import muxing, picture_graph, picture_stream, sound_graph, sound_stream
from playout.media.opening import Opened, clockwise
from playout.media.refusals import Refusal, Refused

_SLACK = 1  # seconds by which a file may miss the length that it claims

F = TypeVar("F", VideoFrame, AudioFrame)


class Coding:
    """One rendition on its way into a file."""

    def __init__(self, out: "HandleFile", recipe: Recipe) -> None:
        """Starts all the threads that it will ever have: none has to be allowed once the source is opened."""
        again = HandleFile(out.handle)  # to put the index in front, the muxer reads what it wrote
        self._out = av.open(out, "w", "mp4", container_options=muxing(), io_open=lambda *_: again)
        self._recipe = recipe
        self._pictures = picture_stream(self._out, recipe)
        self._pictures.codec_context.open()
        self._coded = 0.0  # seconds
        self.reached = 0.0  # seconds of the source that could be read

    def code(self, source: Opened, tell: Callable[[float], None]) -> None:
        """Says now and then which share is done. Raises Refused; FFmpeg's own errors mean a damaged file."""
        sound = source.sound()
        streams = [source.video, sound] if sound else [source.video]
        begin = min(_at(stream.start_time, stream.time_base) for stream in streams)
        pictures = _Track[VideoFrame](self._code_picture, lambda first: self._picture_graph(first, source))
        sounds = self._sounds(sound) if sound else None
        for frame in self._frames(source, streams, begin):
            if isinstance(frame, VideoFrame):
                pictures.take(frame)
            elif sounds:
                sounds.take(frame)
            tell(min(1.0, self._coded / source.duration))
        pictures.end()
        if sounds:
            sounds.end()
        if not self._coded:
            raise Refused(Refusal.DAMAGED)
        if begin + self.reached < source.duration * 0.95 - _SLACK:
            raise Refused(Refusal.TRUNCATED)
        self._out.close()

    def _frames(self, source: Opened, streams: Sequence[Stream], begin: Fraction) -> Iterator[VideoFrame | AudioFrame]:
        """In the order of the file; times count from the first picture or sound."""
        end = source.duration + _SLACK
        for packet in source.container.demux(streams):
            if packet.is_corrupt:
                raise Refused(Refusal.DAMAGED)
            for frame in packet.decode():
                if not isinstance(frame, VideoFrame | AudioFrame) or frame.pts is None or not frame.time_base:
                    continue
                frame.pts -= round(begin / frame.time_base)
                left = end - float(_at(frame.pts, frame.time_base))
                if left > 0:  # one that claims to lie far off, or to last, would have to be waited for
                    frame.duration = min(frame.duration, int(left / frame.time_base))
                    self.reached = max(self.reached, float(_at(frame.pts + frame.duration, frame.time_base)))
                    yield frame

    def _picture_graph(self, first: VideoFrame, source: Opened) -> Graph:
        rotation = clockwise(first)
        return picture_graph(first, source.shown(rotation), rotation, self._recipe)

    def _code_picture(self, frame: VideoFrame | None) -> None:
        if frame:
            frame.pict_type = PictureType.NONE  # the encoder would take the source's choice for an order
        try:
            packets = self._pictures.encode(frame)
        except av.error.ExternalError as error:
            raise MemoryError from error  # x264 does not say why; with pictures of one size, nothing else is left
        for packet in packets:
            self._coded = float(_at((packet.pts or 0) + 1, packet.time_base))
        self._out.mux(packets)

    def _sounds(self, source: AudioStream) -> "_Track[AudioFrame]":
        stream = sound_stream(self._out, self._recipe, source)
        return _Track[AudioFrame](lambda frame: self._out.mux(stream.encode(frame)), sound_graph)


class HandleFile:
    """A file of which only the handle is known; for PyAV to write, and to read again what it wrote."""

    def __init__(self, handle: int) -> None:
        self.handle = handle
        self._at = 0

    def write(self, piece: bytes) -> int:
        """All of it. Raises OSError where there is no room."""
        left = memoryview(piece)
        while left:
            count = os.pwrite(self.handle, left, self._at)
            self._at, left = self._at + count, left[count:]
        return len(piece)

    def read(self, count: int) -> bytes:
        """At most `count` bytes; b"" only at the end of the file."""
        piece = os.pread(self.handle, count, self._at)
        self._at += len(piece)
        return piece

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """As files do."""
        start = {os.SEEK_SET: 0, os.SEEK_CUR: self._at, os.SEEK_END: os.fstat(self.handle).st_size}[whence]
        self._at = start + offset
        return self._at

    def tell(self) -> int:
        """The place of the next read or write."""
        return self._at


class _Track(Generic[F]):
    """Frames of one stream on their way through filters into an encoder."""

    def __init__(self, code: Callable[[F | None], None], graph: Callable[[F], Graph]) -> None:
        self._code: Callable[[F | None], None] = code
        self._make: Callable[[F], Graph] = graph
        self._graph: Graph | None = None

    def take(self, frame: F) -> None:
        self._graph = self._graph or self._make(frame)
        self._push(self._graph, frame)

    def end(self) -> None:
        if self._graph:
            self._push(self._graph, None)
            self._code(None)

    def _push(self, graph: Graph, frame: F | None) -> None:
        graph.push(frame, at=0)
        for ready in _pulled(graph):
            self._code(cast("F", ready))  # what comes out is of the kind that went in


def _pulled(graph: Graph) -> Iterator[VideoFrame | AudioFrame]:
    while True:
        try:
            frame = graph.pull()
        except (BlockingIOError, EOFError):  # it wants more first, or has given all
            return
        yield frame


def _at(count: int | None, unit: Fraction | None) -> Fraction:
    """A time in seconds."""
    return (count or 0) * (unit or Fraction())
