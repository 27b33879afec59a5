"""Progress bars on stderr while a build works; none where nobody watches."""

import sys
from typing import Any, Protocol

from tqdm import tqdm


class Progress(Protocol):
    """Told what is being done and how far it is."""

    def start(self, what: str, total: int | None, unit: str) -> None:
        """The next thing begins; the one before is over."""

    def advance(self, count: int) -> None:
        """So many units more are done."""

    def close(self) -> None:
        """All is done."""


class Silent:
    """Shows nothing."""

    def start(self, what: str, total: int | None, unit: str) -> None:
        pass

    def advance(self, count: int) -> None:
        pass

    def close(self) -> None:
        pass


class Bars:
    """One bar at a time, replaced by the next."""

    def __init__(self) -> None:
        self._bar: Any = None

    def start(self, what: str, total: int | None, unit: str) -> None:
        self.close()
        self._bar = tqdm(
            total=total,
            desc=f"{what:<20}",
            unit=f" {unit}",
            file=sys.stderr,
            leave=False,
            unit_scale=total is None or total > 1000,
            dynamic_ncols=True,
        )

    def advance(self, count: int) -> None:
        if self._bar is not None:
            self._bar.update(count)

    def close(self) -> None:
        if self._bar is not None:
            self._bar.close()
            self._bar = None
