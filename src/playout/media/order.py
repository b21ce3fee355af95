"""What the process that makes a rendition is asked for, and what it may take. Nothing moves here."""

import json
from dataclasses import asdict, dataclass

from playout.domain.rendition import Fit, Recipe


@dataclass(frozen=True, slots=True)
class Allowance:
    """What the work may take; it grows with the length of the video."""

    memory: int = 2 * 1024**3  # bytes of address space
    seconds: float = 60  # for any video; by the clock, and as much again of processors
    per_second: float = 20  # more for each second that the video lasts
    at_most: float = 2 * 3600  # seconds, whatever length a file claims

    def seconds_for(self, duration: float) -> float:
        """For a video that lasts so long."""
        return min(self.at_most, self.seconds + self.per_second * duration)


@dataclass(frozen=True, slots=True)
class Order:
    """One rendition."""

    recipe: Recipe
    limit: int  # bytes of the result
    allowance: Allowance

    def written(self) -> str:
        """As one word of a command line."""
        return json.dumps(asdict(self))

    @classmethod
    def read(cls, written: str) -> "Order":
        """The order that was written so."""
        order = json.loads(written)
        recipe = Recipe(**order["recipe"] | {"fit": Fit(order["recipe"]["fit"])})
        return cls(recipe, order["limit"], Allowance(**order["allowance"]))
