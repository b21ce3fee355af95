"""One line of a bench."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Figure:
    """What was measured, what came out, and the goal if there is one."""

    what: str
    value: str
    goal: str = ""
    met: bool | None = None  # None: there is no goal

    def __str__(self) -> str:
        verdict = {None: "", True: "met", False: "MISSED"}[self.met]
        return f"{self.what:<66} {self.value:>22}  {self.goal:<14} {verdict}".rstrip()
