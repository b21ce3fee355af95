"""HDR pictures for screens that know no HDR: a table that leads from each colour to the nearest one they can show.

FFmpeg's scaler could do it too, but starts threads for it, which the worker may not, and takes seconds to begin.
Numbers mean light as ITU-R BT.2100 says; light too bright is rolled off as BT.2390 (5.4.1) does; the wide colours
become those of BT.709 by the matrix of BT.2087, and an SDR screen is that of BT.1886. Not here: where it is applied.
"""

import array
import math
from collections.abc import Callable
from fractions import Fraction

from av.video.frame import VideoFrame
from av.video.reformatter import ColorPrimaries, ColorTrc

_LEVEL = 6  # of a Hald image: as many colours a side as this squared
_LINE = 6  # bytes of a pixel
_PEAK = 1000.0  # cd/m²: what phones record, and most studios grade for
_WHITE = 203.0  # cd/m²: a white sheet of paper (BT.2408); the brightest that SDR can show
_GAMMA = 2.4
_TO_709 = (
    (1.660491, -0.587641, -0.072850),
    (-0.124550, 1.132900, -0.008349),
    (-0.018151, -0.100579, 1.118730),
)
Colour = tuple[float, float, float]


def is_wide(frame: VideoFrame) -> bool:
    """Whether it needs the table."""
    return frame.color_trc in {ColorTrc.SMPTE2084, ColorTrc.ARIB_STD_B67} or (
        frame.color_primaries == ColorPrimaries.BT2020
    )


def table(frame: VideoFrame) -> VideoFrame:
    """For pictures like this one: a Hald image, the second input of the filter `haldclut`."""
    kinds: dict[int, Callable[[Colour], Colour]] = {ColorTrc.SMPTE2084: _pq, ColorTrc.ARIB_STD_B67: _hlg}
    light = kinds.get(frame.color_trc, _sdr)
    steps = [step / (_LEVEL**2 - 1) for step in range(_LEVEL**2)]
    colours = (_shown(light((red, green, blue))) for blue in steps for green in steps for red in steps)
    content = array.array("H", (round(value * 65_535) for colour in colours for value in colour)).tobytes()
    side = _LEVEL**3
    image = VideoFrame(side, side, "rgb48le")
    gap = bytes(image.planes[0].line_size - side * _LINE)
    lines = (content[at : at + side * _LINE] + gap for at in range(0, len(content), side * _LINE))
    image.planes[0].update(b"".join(lines))
    image.pts, image.time_base = 0, Fraction(1)
    return image


def _shown(light: Colour) -> Colour:
    """What to send to an SDR screen, from cd/m² in the colours of BT.2020."""
    strongest = max(light)
    share = _rolled_off(strongest) / strongest / _WHITE if strongest else 0
    red, green, blue = (sum(map(float.__mul__, row, light)) * share for row in _TO_709)
    return _sent(red), _sent(green), _sent(blue)


def _sent(light: float) -> float:
    return math.pow(min(1.0, max(0.0, light)), 1 / _GAMMA)


def _rolled_off(light: float) -> float:
    """As it is up to a knee, then ever less, so that the peak becomes white."""
    peak, white = _pq_of(_PEAK), _pq_of(_WHITE) / _pq_of(_PEAK)
    level, knee = min(1.0, _pq_of(light) / peak), 1.5 * white - 0.5
    if level < knee:
        return light
    t = (level - knee) / (1 - knee)
    level = (2 * t**3 - 3 * t**2 + 1) * knee + (t**3 - 2 * t**2 + t) * (1 - knee) + (3 * t**2 - 2 * t**3) * white
    return _light_of_pq(level * peak)


_M1, _M2, _C1, _C2, _C3 = 2610 / 16384, 2523 / 32, 3424 / 4096, 2413 / 128, 2392 / 128  # BT.2100, table 4


def _pq_of(light: float) -> float:
    power = (light / 10_000) ** _M1
    return float(((_C1 + _C2 * power) / (1 + _C3 * power)) ** _M2)


def _light_of_pq(level: float) -> float:
    power = level ** (1 / _M2)
    return float(10_000 * (max(0.0, power - _C1) / (_C2 - _C3 * power)) ** (1 / _M1))


def _pq(colour: Colour) -> Colour:
    red, green, blue = map(_light_of_pq, colour)
    return red, green, blue


_KNEE, _A, _B, _C = 0.5, 0.17883277, 0.28466892, 0.55991073  # BT.2100, table 5


def _hlg(colour: Colour) -> Colour:
    red, green, blue = (level**2 / 3 if level <= _KNEE else (math.exp((level - _C) / _A) + _B) / 12 for level in colour)
    strength = _PEAK * (0.2627 * red + 0.6780 * green + 0.0593 * blue) ** 0.2
    return red * strength, green * strength, blue * strength


def _sdr(colour: Colour) -> Colour:
    red, green, blue = (_WHITE * level**_GAMMA for level in colour)
    return red, green, blue
