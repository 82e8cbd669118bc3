"""What an experiment returns: a curve for each case on each seed, their middle and their spread."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

FAR = 1e300  # what ∞ counts as, so that the middle of two runs that diverged is no ∞ − ∞

Run = Mapping[str, Sequence[float]]  # of one seed: for each case a number for each place


@dataclass(frozen=True)
class Curves:
    """Numbers over places, for some cases, on some seeds.

    Attributes:
        x: what the places are.
        y: what the numbers are.
        places: the same for all runs.
        runs: for each seed the numbers of each case.
        logarithmic: the axes that a plot makes so: "", "x", "y" or "xy".
        band: the least and the greatest healthy number, where there are such.
        mark: a place, and what is there.
        shown: the least and the greatest number that a plot shows, where not all are.
    """

    x: str
    y: str
    places: Sequence[float]
    runs: Sequence[Run]
    logarithmic: str = ""
    band: tuple[float, float] | None = None
    mark: tuple[float, str] | None = None
    shown: tuple[float, float] | None = None

    def __post_init__(self) -> None:
        """Refuse an experiment without a seed.

        Raises:
            ValueError: where there are no runs.
        """
        if not self.runs:
            raise ValueError("an experiment needs one seed or more; got none")

    @property
    def cases(self) -> list[str]:
        """The names of the curves."""
        return list(self.runs[0])

    def quantile(self, case: str, share: float) -> list[float]:
        """Over the runs: at each place the number below which that share of them lies.

        >>> found = Curves("x", "y", [1], [{"a": [3.0]}, {"a": [1.0]}, {"a": [7.0]}])
        >>> found.quantile("a", 0.5), found.quantile("a", 0.25)
        ([3.0], [2.0])
        """
        import numpy as np

        rows = np.array([run[case] for run in self.runs], dtype=float)
        found: list[float] = np.quantile(rows.clip(-FAR, FAR), share, axis=0).tolist()
        return found

    def median(self, case: str) -> list[float]:
        """At each place the middle of the runs."""
        return self.quantile(case, 0.5)

    def count(self, is_so: Callable[[Run], bool]) -> int:
        """On how many of the seeds something is so."""
        return sum(map(bool, map(is_so, self.runs)))
