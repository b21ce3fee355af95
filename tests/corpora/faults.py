"""The faults of four platforms, one row a case: what is met where, and what it has to end in.

The expectations are those of the platforms' documentation and of the law (docs/decisions), not what the code happens to
do: behind the point of no return whatever is not clearly a refusal is UNSURE; before it a fault of the platform's is
tried again; a code that nobody knows is no reason to go on for ever; a refused question says nothing about what it was
about. Columns: way, place, fault, kind, code, whose turn (the platform's, if none is said), when it lifts. A row with
ON is no failure at all: its code is the step that follows.
"""

from collections.abc import Mapping, Sequence

from tests.corpora.fault import Row
from tests.corpora.faults_facebook import FACEBOOK
from tests.corpora.faults_instagram import INSTAGRAM
from tests.corpora.faults_tiktok import TIKTOK
from tests.corpora.faults_youtube import YOUTUBE

FAULTS: Mapping[str, Sequence[Row]] = {
    "tiktok": TIKTOK,
    "youtube": YOUTUBE,
    "instagram": INSTAGRAM,
    "facebook": FACEBOOK,
}
