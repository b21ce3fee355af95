"""TikTok's form: the sentences that its Content Sharing Guidelines prescribe, word for word, and the rules of the form.

The guidelines count their points 1 to 5, and the template follows that order. What may be sent at all is checked where
it is sent from too, whatever the form said.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from playout.domain.delivery import JsonValue
from playout.domain.errors import Problem
from playout.domain.limits import Live
from playout.web.composer_form import Part
from playout.web.marks import N_

NAME = "tiktok"
PRIVATE = "SELF_ONLY"
#: Who may see branded content.
FOR_BRANDED = frozenset({"PUBLIC_TO_EVERYONE", "MUTUAL_FOLLOW_FRIENDS"})
#: The one thing of the platform's own words that is translated nowhere: an audit compares them letter by letter.
INCOMPLETE = "You need to indicate if your content promotes yourself, a third party, or both."
PROMOTIONAL = "Your photo/video will be labeled as 'Promotional content'"
PARTNERSHIP = "Your photo/video will be labeled as 'Paid partnership'"
BRANDED_PRIVATE = "Branded content visibility cannot be set to private."
BY_POSTING = "By posting, you agree to TikTok's"
MUSIC, MUSIC_URL = "Music Usage Confirmation", "https://www.tiktok.com/legal/page/global/music-usage-confirmation/en"
POLICY, POLICY_URL = "Branded Content Policy", "https://www.tiktok.com/legal/page/global/bc-policy/en"
#: What people may do with it (option, label); each is off until somebody switches it on.
ALLOWED = (("allow_comment", N_("Comment")), ("allow_duet", N_("Duet")), ("allow_stitch", N_("Stitch")))
AFTERWARDS = N_("Scheduled. After it is sent, it may take a few minutes until TikTok has processed it and shows it.")


@dataclass(frozen=True, slots=True)
class Form:
    """TikTok's panel, as it stands with what is chosen."""

    options: Mapping[str, JsonValue]
    disclosed: bool
    live: Live | None

    @property
    def inbox(self) -> bool:
        """Whether it goes to the creator's inbox, to be finished in the app."""
        return self.options.get("mode") == "inbox"

    @property
    def branded(self) -> bool:
        return self.options.get("branded_content") is True

    @property
    def own_brand(self) -> bool:
        return self.options.get("your_brand") is True

    @property
    def visibilities(self) -> tuple[tuple[str, bool], ...]:
        """What the creator is offered right now, and whether it is barred."""
        offered = self.live.choices.get("privacy_level", ()) if self.live else ()
        return tuple((one, self.branded and one not in FOR_BRANDED) for one in offered)

    @property
    def visibility(self) -> str:
        """What was chosen, as long as it is offered and not barred; else nothing, and never something instead."""
        chosen = self.options.get("privacy_level")
        return next((one for one, barred in self.visibilities if one == chosen and not barred), "")

    @property
    def was_cleared(self) -> bool:
        """A choice of before does not hold any more."""
        return bool(self.options.get("privacy_level")) and not self.visibility and self.live is not None

    @property
    def brand_barred(self) -> bool:
        """Branded content cannot be switched on: it was chosen first that only the creator sees it."""
        return not self.branded and bool(self.visibility) and self.visibility not in FOR_BRANDED

    @property
    def incomplete(self) -> bool:
        return self.disclosed and not self.branded and not self.own_brand

    @property
    def label(self) -> str:
        """What TikTok will write on it; nothing while nothing is chosen."""
        if self.branded:
            return PARTNERSHIP
        return PROMOTIONAL if self.own_brand else ""


def problems_of(part: Part) -> Iterator[Problem]:
    """What the form asks for, beyond what TikTok's interface knows: its switch, and who may see branded content."""
    form = Form(part.options, part.disclosed, None)
    visibility = part.options.get("privacy_level")
    if form.incomplete:
        yield Problem("disclosure_incomplete", f"/{part.channel_id}-disclosed", INCOMPLETE)
    if form.branded and not form.inbox and visibility and visibility not in {*FOR_BRANDED, PRIVATE}:
        sentence = N_("Branded content can be seen by everyone or by friends. Choose one of the two.")
        yield Problem("branded_audience", f"/{part.channel_id}-privacy_level", sentence)
