"""Which filters and which settings make a picture and a sound what a Recipe says. Nothing moves here.

Not here: the work itself (coding), and the same filters run without a worker, to measure against (bench/render.py).
"""

from collections.abc import Sequence
from fractions import Fraction
from typing import TypeAlias

from av.audio.frame import AudioFrame
from av.audio.stream import AudioStream
from av.container import OutputContainer
from av.filter import Graph
from av.filter.context import FilterContext
from av.video.frame import VideoFrame
from av.video.reformatter import ColorPrimaries, ColorRange, Colorspace, ColorTrc
from av.video.stream import VideoStream

from playout.domain.rendition import Fit, Recipe
from playout.media.hdr import is_wide, table

Filters: TypeAlias = Sequence[tuple[str, str]]

HZ = 48_000
#: Samples that an AAC encoder puts before the first one. They take the place of the first 21 ms of sound: a player
#: plays them, since without an edit list nothing tells it not to, and all that follows is in step to the sample.
PRIMING = 1024
GROUP = 2  # seconds from keyframe to keyframe

_HD_COLOURS = "out_color_matrix=bt709:out_range=tv"
_HD = 720  # lines from which on pictures that do not name their colours mean those of HD
_UNSPECIFIED = 2  # ITU-T H.273, for colours
_TURNS: dict[int, Filters] = {
    0: [],
    90: [("transpose", "clock")],
    180: [("hflip", ""), ("vflip", "")],
    270: [("transpose", "cclock")],
}


def muxing() -> dict[str, str]:
    """For the MP4 muxer. Bit-exact: no word of ours, and no time, gets into the file."""
    return {"movflags": "+faststart", "use_editlist": "0", "fflags": "+bitexact"}


def picture_stream(out: OutputContainer, recipe: Recipe) -> VideoStream:
    """H.264 as the recipe says, not opened yet.

    Without B-frames: with them an MP4 needs an edit list to begin at 0, or negative offsets, which not every reader
    knows. `veryfast`: the platforms code anew anyway; `fast` takes twice the time and saves few bytes.
    """
    options = {
        "preset": "veryfast",
        "profile": "high",
        "crf": "20",
        "maxrate": str(recipe.video_bitrate),
        "bufsize": str(recipe.video_bitrate),
        "bf": "0",
        "sc_threshold": "0",  # a keyframe every two seconds and nowhere else: some platforms ask for two to five
        "threads": "2",
        "a53cc": "0",  # captions hidden in the pictures stay behind, like all others
    }
    stream = out.add_stream("libx264", rate=recipe.fps, options=options)
    stream.width, stream.height, stream.pix_fmt = recipe.width, recipe.height, "yuv420p"
    codec = stream.codec_context
    codec.time_base, codec.gop_size = Fraction(1, recipe.fps), GROUP * recipe.fps
    codec.sample_aspect_ratio = Fraction(1)
    codec.color_range, codec.colorspace = ColorRange.MPEG, Colorspace.ITU709
    codec.color_primaries, codec.color_trc = ColorPrimaries.BT709, ColorTrc.BT709
    return stream


def sound_stream(out: OutputContainer, recipe: Recipe, source: AudioStream) -> AudioStream:
    """AAC-LC. One channel stays one: made two, each would have to be softer."""
    stream = out.add_stream("aac", rate=HZ)
    stream.layout = layout(source.channels)
    stream.bit_rate = recipe.audio_bitrate
    return stream


def layout(channels: int) -> str:
    """What so many channels become."""
    return "mono" if channels == 1 else "stereo"


def picture_graph(first: VideoFrame, shown: tuple[int, int], rotation: int, recipe: Recipe) -> Graph:
    """Made for frames like the first one, of a video shown at this size; takes frames with times from 0, at 0."""
    begin = f"{_size(first)}:pixel_aspect=1/1:colorspace={int(first.colorspace)}:range={int(first.color_range)}"
    start = [("buffer", begin), ("fps", f"{recipe.fps}:start_time=0"), *_cut(first, shown, rotation, recipe)]
    width, height = reversed(fitted(shown, recipe)) if rotation % 180 else fitted(shown, recipe)
    small = f"{width}:{height}:{_colours(first, shown)}"
    bars = ("pad", f"{recipe.width}:{recipe.height}:-1:-1")
    end = [*_TURNS[rotation], bars, ("setsar", "1"), ("format", "yuv420p"), ("buffersink", "")]
    graph = _empty()
    if is_wide(first):
        here = _chain(graph, *start, ("scale", small), ("format", "gbrp16"), ("haldclut", "clut=first"))
        colours = table(first)
        there = _chain(graph, ("buffer", _size(colours)), ("format", "gbrp16"))
        there[-1].link_to(here[-1], 0, 1)
        here[-1].link_to(_chain(graph, ("scale", _HD_COLOURS), *end)[0])
        graph.configure()
        graph.push(colours, at=1)
        graph.push(None, at=1)
    else:
        _chain(graph, *start, ("scale", f"{small}:{_HD_COLOURS}"), *end)
        graph.configure()
    return graph


def sound_graph(first: AudioFrame) -> Graph:
    """Made for frames like the first one. Mixes down, fills gaps, and gives its first sample at PRIMING."""
    begin = (
        f"sample_rate={first.sample_rate}:sample_fmt={first.format.name}:time_base={first.time_base}"
        f":channel_layout={first.layout.name}"
    )
    graph = _empty()
    _chain(
        graph,
        ("abuffer", begin),
        ("aresample", f"{HZ}:async=1:min_hard_comp=0.02:first_pts={PRIMING}"),
        ("aformat", f"sample_fmts=fltp:sample_rates={HZ}:channel_layouts={layout(first.layout.nb_channels)}"),
        ("abuffersink", ""),
    )
    graph.configure()
    return graph


def fitted(shown: tuple[int, int], recipe: Recipe) -> tuple[int, int]:
    """The picture's size once its edges are cut off, before bars are added; even."""
    if recipe.fit is Fit.CROP:
        return recipe.width, recipe.height
    share = min(Fraction(recipe.width, shown[0]), Fraction(recipe.height, shown[1]))
    width, height = (max(2, round(side * share / 2) * 2) for side in shown)
    return min(width, recipe.width), min(height, recipe.height)


def _cut(first: VideoFrame, shown: tuple[int, int], rotation: int, recipe: Recipe) -> Filters:
    """Cuts edges off before anything is scaled: most of a wide picture need not be."""
    if recipe.fit is Fit.PAD:
        return []
    shares = Fraction(recipe.width, shown[0]), Fraction(recipe.height, shown[1])
    kept = [share / max(shares) for share in shares]
    sides = zip((first.width, first.height), reversed(kept) if rotation % 180 else kept, strict=True)
    width, height = (max(2, int(side * share / 2) * 2) for side, share in sides)
    return [  # a picture that is suddenly smaller is made as large as the first: `crop` would look past its edge
        ("scale", f"{first.width}:{first.height}"),
        ("format", first.format.name),
        ("crop", f"{width}:{height}"),
    ]


def _colours(frame: VideoFrame, shown: tuple[int, int]) -> str:
    if frame.colorspace == _UNSPECIFIED:
        return "in_color_matrix=" + ("bt709" if min(shown) >= _HD else "bt601")
    return "in_color_matrix=auto"


def _empty() -> Graph:
    graph = Graph()
    graph.threads = 1
    return graph


def _chain(graph: Graph, *filters: tuple[str, str]) -> list[FilterContext]:
    nodes = [graph.add(name, args or None) for name, args in filters]
    graph.link_nodes(*nodes)
    return nodes


def _size(frame: VideoFrame) -> str:
    return f"video_size={frame.width}x{frame.height}:pix_fmt={frame.format.name}:time_base={frame.time_base}"
