"""Which way of growing goes with which store of files."""

from playout.application.ports import Files
from playout.application.ports.files import Growing
from playout.media.buckets import ObjectFiles
from playout.media.folder import FolderFiles
from playout.media.growing_bucket import BucketGrowing
from playout.media.growing_folder import FolderGrowing
from playout.media.growing_memory import MemoryGrowing
from playout.media.memory import MemoryFiles


def growing_beside(files: Files) -> Growing:
    """Whole files end in `files`. Raises TypeError for a store that is none of ours."""
    match files:
        case FolderFiles():
            return FolderGrowing(files)
        case ObjectFiles():
            return BucketGrowing(files)
        case MemoryFiles():
            return MemoryGrowing(files)
        case _:
            message = f"nothing can grow beside {type(files).__name__}"
            raise TypeError(message)
