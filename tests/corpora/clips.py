"""The corpus of clips: what each is, and what has to be said of it for each platform, before anything is sent.

Expectations come from the platforms' documentation (TikTok: Media Transfer Guide; YouTube: help pages on Shorts and
long videos; Instagram: reel specifications of IG User Media; Facebook: Reels Publishing API, Page Videos), not from
what the code answered. What is documented nowhere (sound at TikTok, sizes at YouTube) is taken.
Not here: how the stranger ones are made (making.py), and who goes through the table (test_clips.py).
"""

from dataclasses import dataclass, field, replace
from fractions import Fraction

from playout.media.clip import Clip
from tests.corpora.making import (
    Make,
    changed,
    clip,
    cut,
    of,
    padded,
    photograph,
    repeated,
    sound_alone,
    with_noise,
)

PLATFORMS = ("tiktok", "youtube", "instagram", "facebook")


@dataclass(frozen=True, slots=True)
class Verdict:
    """Codes of what is said of a file."""

    errors: frozenset[str] = frozenset()  # with these nothing is sent
    warnings: frozenset[str] = frozenset()
    fix: bool = False  # a rendition mends it
    says: tuple[str, ...] = ()  # literally, of each error that no rendition mends


def takes(*warnings: str, fix: bool = False) -> Verdict:
    """It may go; `fix`: a rendition would take a warning away."""
    return Verdict(warnings=frozenset(warnings), fix=fix)


def mends(*errors: str, warns: tuple[str, ...] = ()) -> Verdict:
    """Not as it is; a rendition may."""
    return Verdict(frozenset(errors), frozenset(warns), fix=True)


def refuses(*errors: str, says: str, warns: tuple[str, ...] = ()) -> Verdict:
    """Neither the file nor a rendition of it."""
    return Verdict(frozenset(errors), frozenset(warns), says=(says,))


OK = takes()

_SHORT = "The video lasts {}; at least 3 s are needed here. Use a longer one."
_LONG = "The video lasts {}; at most {} are taken here. Cut it first."


@dataclass(frozen=True, slots=True)
class Row:
    """A clip that can be played. OK: a platform takes it without a word."""

    name: str
    make: Make
    tiktok: Verdict = OK
    youtube: Verdict = OK
    instagram: Verdict = OK
    facebook: Verdict = OK
    unreadable: str = field(default="", kw_only=True)  # what is said in place of a rendition, where none can be made

    def of(self, platform: str) -> Verdict:
        return {
            "tiktok": self.tiktok,
            "youtube": self.youtube,
            "instagram": self.instagram,
            "facebook": self.facebook,
        }[platform]


@dataclass(frozen=True, slots=True)
class Broken:
    """A file that is refused when it comes in, whatever the platform."""

    name: str
    make: Make
    code: str
    says: str


# ── what they are made of ────────────────────────────────────────────────────────────────────────

#: What every platform takes without a word: the clip from which each row differs in one thing.
GOOD = Clip(seconds=3.05, width=540, height=960, fps=24, keyframe_every=24, muxer_options={"use_editlist": "0"})
MUTE = replace(GOOD, audio_codec=None)
HASTY = {"deadline": "realtime", "cpu-used": "8"}
WEBM = replace(GOOD, container="webm", video_codec="libvpx-vp9", audio_codec="libopus", video_options=HASTY)
HEVC = replace(GOOD, video_codec="libx265", video_options={"x265-params": "log-level=none:open-gop=0"})
AV1 = replace(GOOD, video_codec="libsvtav1", video_options={"preset": "12"})
PRORES = replace(GOOD, container="mov", video_codec="prores", pixel_format="yuv422p10le", audio_codec="pcm_s16le")
MKV = replace(GOOD, container="matroska")
#: To be repeated: the coarsest pictures, so that hours of them are a few megabytes.
SECOND = replace(MUTE, seconds=1, video_options={"crf": "51"})
SLIDES = replace(SECOND, seconds=4, fps=1)  # a picture a second
STEADY_STREAM = "nal-hrd=cbr:bitrate=30000:vbv-maxrate=30000:vbv-bufsize=30000:filler=1"


def wide(name: str, width: int, height: int, facebook: Verdict = OK) -> Row:
    """Taken by most, and shown differently."""
    made = clip(replace(GOOD, width=width, height=height))
    return Row(name, made, youtube=takes("not_a_short"), instagram=takes("not_9_16"), facebook=facebook)


def everywhere(name: str, make: Make, *errors: str) -> Row:
    """But at YouTube, which makes its own copies of whatever it gets."""
    return Row(name, make, tiktok=mends(*errors), instagram=mends(*errors), facebook=mends(*errors))


def at_meta(name: str, make: Make, *errors: str) -> Row:
    """Where sound and colours are specified too."""
    return Row(name, make, instagram=mends(*errors), facebook=mends(*errors))


# ── those that can be played ─────────────────────────────────────────────────────────────────────

ROWS = (
    Row("plain", clip(GOOD)),
    # shape and size
    wide("16:9", 960, 540),
    Row("square", clip(replace(GOOD, width=720, height=720)), instagram=takes("not_9_16")),
    wide("4:3", 720, 540),
    wide("cinema, 2.39:1", 1292, 540, mends("aspect")),
    Row(
        "narrow, 9:21",
        clip(replace(GOOD, width=540, height=1260)),
        instagram=takes("not_9_16"),
        facebook=mends("aspect"),
    ),
    Row(
        "panorama, 12:1",
        clip(replace(GOOD, width=4320, height=360)),
        tiktok=mends("picture_size"),
        youtube=takes("not_a_short"),
        instagram=mends("picture_size", "aspect", warns=("not_9_16",)),
        facebook=mends("picture_size", "aspect"),
    ),
    Row("4K", clip(replace(GOOD, width=2160, height=3840)), instagram=mends("picture_size")),
    Row(
        "tiny, 72×128",
        clip(replace(GOOD, width=72, height=128)),
        tiktok=mends("picture_size"),
        facebook=mends("picture_size"),
    ),
    wide("360 lines, 16:9", 640, 360, mends("picture_size")),
    Row(
        "odd sides, 541×961, WebM",
        clip(replace(WEBM, width=541, height=961)),
        instagram=mends("container", "video_codec", "audio_codec"),
        facebook=mends("container", "audio_codec"),
    ),
    Row("rotated", clip(replace(GOOD, width=960, height=540, rotation=90))),
    everywhere(
        "rotated the other way, 22 fps", clip(replace(GOOD, width=960, height=540, rotation=270, fps=22)), "fps"
    ),
    Row("anamorphic", clip(replace(GOOD, width=960, height=960, video_options={"x264-params": "sar=9/16"}))),
    everywhere(
        "anamorphic, Matroska",
        clip(replace(MKV, width=960, height=960, video_options={"x264-params": "sar=9/16"})),
        "container",
    ),
    # rate
    everywhere("22 fps", clip(replace(GOOD, fps=22)), "fps"),
    Row("23 fps", clip(replace(GOOD, fps=23)), facebook=mends("fps")),
    Row("23.976 fps", clip(replace(GOOD, fps=Fraction(24000, 1001)))),
    Row("59.94 fps", clip(replace(GOOD, fps=Fraction(60000, 1001)))),
    everywhere("120 fps", clip(replace(GOOD, fps=120)), "fps"),
    everywhere("a picture a second", clip(SLIDES), "fps"),
    Row("variable rate", clip(replace(GOOD, fps=30, variable_fps=True)), facebook=takes("variable_fps", fix=True)),
    # length
    Row(
        "2 s",
        clip(replace(MUTE, seconds=2)),
        instagram=refuses("too_short", says=_SHORT.format("2 s")),
        facebook=refuses("too_short", says=_SHORT.format("2 s")),
    ),
    Row(
        "a frame less than 3 s, 22 fps",
        clip(replace(MUTE, seconds=65 / 22, fps=22)),
        tiktok=mends("fps"),
        instagram=refuses("fps", "too_short", says=_SHORT.format("2.9 s")),
        facebook=refuses("fps", "too_short", says=_SHORT.format("2.9 s")),
    ),
    everywhere("3 s to the frame, 22 fps", clip(replace(MUTE, seconds=3, fps=22)), "fps"),
    Row("90 s", repeated(SECOND, 90)),
    Row("91 s", repeated(SECOND, 91), facebook=takes("not_a_reel")),
    Row("179.5 s", repeated(SECOND, 179.5), youtube=takes("not_a_short"), facebook=takes("not_a_reel")),
    Row("181 s", repeated(SECOND, 181), youtube=takes("not_a_short"), facebook=takes("not_a_reel")),
    Row("15 min", repeated(SECOND, 900), youtube=takes("not_a_short"), facebook=takes("not_a_reel")),
    Row(
        "16 min",
        repeated(SECOND, 960),
        youtube=takes("not_a_short"),
        instagram=refuses("too_long", says=_LONG.format("16 min", "15 min")),
        facebook=takes("not_a_reel"),
    ),
    Row(
        "61 min",
        repeated(SECOND, 3660),
        tiktok=refuses("too_long", says=_LONG.format("1 h 1 min", "1 h")),
        youtube=takes("not_a_short"),
        instagram=refuses("too_long", says=_LONG.format("1 h 1 min", "15 min")),
        facebook=takes("not_a_reel"),
    ),
    Row(
        "4 h and 1 min of slides",
        repeated(SLIDES, 4 * 3600 + 60),
        tiktok=refuses("fps", "too_long", says=_LONG.format("4 h 1 min", "1 h")),
        youtube=takes("not_a_short"),
        instagram=refuses("fps", "too_long", says=_LONG.format("4 h 1 min", "15 min")),
        facebook=refuses("fps", "too_long", says=_LONG.format("4 h 1 min", "4 h"), warns=("not_a_reel",)),
    ),
    Row(
        "12 h and 1 min of slides",
        repeated(SLIDES, 12 * 3600 + 60),
        tiktok=refuses("fps", "too_long", says=_LONG.format("12 h 1 min", "1 h")),
        youtube=refuses("too_long", says=_LONG.format("12 h 1 min", "12 h"), warns=("not_a_short",)),
        instagram=refuses("fps", "too_long", says=_LONG.format("12 h 1 min", "15 min")),
        facebook=refuses("fps", "too_long", says=_LONG.format("12 h 1 min", "4 h"), warns=("not_a_reel",)),
    ),
    # how the picture is packed
    Row("HEVC", clip(HEVC)),
    Row("HEVC, 10 bit", clip(replace(HEVC, pixel_format="yuv420p10le"))),
    Row(
        "HEVC, open groups",
        clip(replace(HEVC, video_options={"x265-params": "log-level=none:open-gop=1"})),
        instagram=takes("open_gop", fix=True),
        facebook=takes("open_gop", fix=True),
    ),
    at_meta("H.264, 10 bit, 4:2:2", clip(replace(GOOD, pixel_format="yuv422p10le")), "pixel_format"),
    at_meta("H.264, 4:4:4", clip(replace(GOOD, pixel_format="yuv444p")), "pixel_format"),
    Row(
        "VP9, WebM",
        clip(WEBM),
        instagram=mends("container", "video_codec", "audio_codec"),
        facebook=mends("container", "audio_codec"),
    ),
    at_meta("VP8, WebM", clip(replace(WEBM, video_codec="libvpx")), "container", "video_codec", "audio_codec"),
    Row("VP9, MP4", clip(replace(WEBM, container="mp4", audio_codec="aac")), instagram=mends("video_codec")),
    Row("AV1", clip(AV1), tiktok=mends("video_codec"), instagram=mends("video_codec")),
    everywhere("MPEG-4 part 2", clip(replace(GOOD, video_codec="mpeg4")), "video_codec"),
    Row(
        "ProRes, MOV",
        clip(PRORES),
        tiktok=mends("video_codec"),
        instagram=mends("video_codec", "pixel_format", "audio_codec"),
        facebook=mends("video_codec", "pixel_format", "audio_codec"),
    ),
    # how the file is laid out
    Row("MOV", clip(replace(GOOD, container="mov"))),
    everywhere("Matroska", clip(MKV), "container"),
    Row("in fragments", clip(replace(GOOD, muxer_options={"movflags": "frag_keyframe+empty_moov"}))),
    Row("index last", clip(replace(GOOD, faststart=False)), instagram=takes("not_faststart", fix=True)),
    Row("edit list", clip(replace(GOOD, muxer_options={})), instagram=takes("edit_list", fix=True)),
    Row(
        "index last, edit list, 22 fps, MOV",
        clip(replace(GOOD, container="mov", faststart=False, muxer_options={}, fps=22)),
        tiktok=mends("fps"),
        instagram=mends("fps", warns=("not_faststart", "edit_list")),
        facebook=mends("fps"),
    ),
    # sound
    Row("no sound", clip(MUTE)),
    Row("44.1 kHz, one channel", clip(replace(GOOD, sample_rate=44_100, layout="mono"))),
    at_meta("5.1 channels", clip(replace(GOOD, layout="5.1")), "audio_channels"),
    at_meta("96 kHz", clip(replace(GOOD, sample_rate=96_000)), "sample_rate"),
    at_meta("MP3 sound", clip(replace(GOOD, audio_codec="libmp3lame")), "audio_codec"),
    at_meta("PCM sound, MOV", clip(replace(GOOD, container="mov", audio_codec="pcm_s16le")), "audio_codec"),
    Row(
        "MP2 sound, Matroska",
        clip(replace(MKV, audio_codec="mp2")),
        tiktok=mends("container"),
        instagram=mends("container", "audio_codec"),
        facebook=mends("container", "audio_codec"),
        unreadable="The sound is packed in a way that cannot be read, so no copy could be made. "
        "Export it as MP4 (H.264) and upload it again.",
    ),
    # weight
    Row("29 Mbit/s", clip(replace(GOOD, video_options={"x264-params": STEADY_STREAM})), instagram=mends("bitrate")),
    Row("310 MB", padded(GOOD, 310 * 10**6), instagram=mends("bitrate", "file_too_large")),
    Row(
        "5 GB",
        padded(GOOD, 5 * 10**9),
        tiktok=mends("file_too_large"),
        instagram=mends("bitrate", "file_too_large"),
    ),
    Row(
        "11 GB",
        padded(GOOD, 11 * 10**9),
        tiktok=mends("file_too_large"),
        instagram=mends("bitrate", "file_too_large"),
        facebook=mends("file_too_large"),
    ),
    Row(
        "257 GiB",
        padded(GOOD, 257 * 1024**3),
        tiktok=mends("file_too_large"),
        youtube=mends("file_too_large"),
        instagram=mends("bitrate", "file_too_large"),
        facebook=mends("file_too_large"),
    ),
)

# ── those that cannot ────────────────────────────────────────────────────────────────────────────

_CUT_OFF = (
    "truncated",
    "The video is cut off: its end is missing. Upload it again; if that does not help, export it again.",
)
_OTHERS = "Upload an MP4, MOV, WebM or Matroska file."
_AS_MP4 = "Export it as MP4 (H.264) and upload it again."


def _looks_like(what: str) -> tuple[str, str]:
    return (
        "not_a_video",
        f"Whatever its name says, this is no video that can be published: it looks like {what}. {_OTHERS}",
    )


BROKEN = (
    Broken("zero bytes", of(b""), "empty_file", "The file is empty. Choose the video once more and upload it again."),
    Broken("cut off", changed(GOOD, cut(0.6)), *_CUT_OFF),
    Broken("cut off, index last", changed(replace(GOOD, faststart=False), cut(0.6)), *_CUT_OFF),
    Broken("cut off, Matroska", changed(MKV, cut(0.6)), *_CUT_OFF),
    Broken("cut off, WebM", changed(WEBM, cut(0.6)), *_CUT_OFF),
    Broken(
        "noise for pictures",
        changed(GOOD, with_noise),
        "damaged",
        f"The video is damaged and cannot be read. {_AS_MP4}",
    ),
    Broken("text called .mp4", of(b"Dear diary,\n" * 100), *_looks_like("a text file")),
    Broken("web page called .mp4", of(b"<!DOCTYPE html><html><body>404"), *_looks_like("a web page")),
    Broken("a photograph", photograph, *_looks_like("a JPEG picture")),
    Broken(
        "GIF",
        clip(replace(MUTE, seconds=0.2, container="gif", video_codec="gif", pixel_format="rgb8")),
        *_looks_like("a GIF picture"),
    ),
    Broken(
        "AVI",
        clip(replace(GOOD, container="avi", video_codec="mpeg4", audio_codec="libmp3lame")),
        *_looks_like("an AVI video"),
    ),
    Broken("transport stream", clip(replace(GOOD, container="mpegts")), *_looks_like("an MPEG transport stream")),
    Broken(
        "sound only",
        sound_alone,
        "no_video_track",
        "The file has no picture, only sound or data. Upload a video.",
    ),
    Broken(
        "WebM without a length",
        clip(replace(WEBM, muxer_options={"live": "1"})),
        "no_duration",
        f"The file does not say how long it is, as some recorders leave it. {_AS_MP4}",
    ),
    Broken(
        "16,400 pixels wide",
        clip(replace(WEBM, width=16_400, height=64, seconds=0.2, audio_codec=None)),
        "absurd_size",
        f"The picture is larger than 16,384 pixels on a side, which no platform takes. Make it smaller. {_AS_MP4}",
    ),
    Broken(
        "FFV1, Matroska",
        clip(replace(MUTE, seconds=0.5, container="matroska", video_codec="ffv1")),
        "unknown_codec",
        f"The picture is packed in a way that no platform takes. {_AS_MP4}",
    ),
)
