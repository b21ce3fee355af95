"""`videoCategories.list`: YouTube's categories, and which of them a video may have."""

from collections.abc import Mapping

TITLES: Mapping[str, str] = {
    "1": "Film & Animation",
    "2": "Autos & Vehicles",
    "10": "Music",
    "15": "Pets & Animals",
    "17": "Sports",
    "18": "Short Movies",
    "19": "Travel & Events",
    "20": "Gaming",
    "21": "Videoblogging",
    "22": "People & Blogs",
    "23": "Comedy",
    "24": "Entertainment",
    "25": "News & Politics",
    "26": "Howto & Style",
    "27": "Education",
    "28": "Science & Technology",
    "29": "Nonprofits & Activism",
    "30": "Movies",
    "42": "Shorts",
    "43": "Shows",
    "44": "Trailers",
}
ASSIGNABLE = frozenset(TITLES) - {"18", "21", "30", "42", "43", "44"}
OWNER = "UCBR8-60-B28hp2BmDPdntcQ"  #: the channel that every category names
