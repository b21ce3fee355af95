"""How the options of a destination are called in the composer: by the name of the option, whatever the platform."""

from collections.abc import Mapping

from playout.web.marks import N_

#: Option -> (label, hint).
OPTIONS: Mapping[str, tuple[str, str]] = {
    "privacy": (N_("Who can watch this"), ""),
    "privacy_level": (N_("Who can watch this video"), ""),
    "made_for_kids": (N_("Is it made for kids?"), N_("The law asks you to say so; nothing is preset.")),
    "category_id": (N_("Category"), N_("Its number.")),
    "tags": (N_("Tags"), N_("Separated by commas.")),
    "description": (N_("Description"), N_("Instead of the caption.")),
    "contains_synthetic_media": (N_("Altered or synthetic content"), ""),
    "notify_subscribers": (N_("Notify subscribers"), ""),
    "share_to_feed": (N_("Also show it in the feed"), ""),
    "collaborators": (N_("Collaborators"), N_("User names, separated by commas.")),
    "ai_generated": (N_("AI-generated content"), ""),
    "allow_comment": (N_("Allow comments"), ""),
    "title": (N_("Title of the reel"), ""),
    "place": (N_("Place"), N_("The id of the place’s page.")),
}
#: Values of options, as people say them.
VALUES: Mapping[str, str] = {
    "PUBLIC_TO_EVERYONE": N_("Everyone"),
    "MUTUAL_FOLLOW_FRIENDS": N_("Friends"),
    "FOLLOWER_OF_CREATOR": N_("Followers"),
    "SELF_ONLY": N_("Only me"),
    "PUBLIC": N_("Everyone"),
    "public": N_("Public"),
    "unlisted": N_("Unlisted"),
    "private": N_("Private"),
}
#: Known to the platform's rules, and offered to nobody.
NOT_SHOWN = frozenset({"playlist_id"})
