"""What a stage says while it works through large files: a bar on a terminal, lines in a log."""

from __future__ import annotations

import os
import sys
import time
from dataclasses import dataclass, field
from typing import TextIO

#: Names the descriptor of a terminal, for a command whose standard error goes to a log.
TERMINAL = "DURABLE_TERMINAL"
_WIDTH = 30
_BETWEEN_BARS, _BETWEEN_LINES = 0.1, 10.0


@dataclass
class Progress:
    """Says how far each step is; says nothing where it has nowhere to say it."""

    bar: TextIO | None = None
    lines: TextIO | None = None
    _step: str = ""
    _bar_drawn: float = field(default=float("-inf"))
    _line_written: float = field(default=float("-inf"))

    def at(self, step: str, share: float) -> None:
        """The step and the share of it that is done, from 0 to 1."""
        now = time.monotonic()
        new, self._step = step != self._step, step
        if self.lines is not None and (new or now - self._line_written >= _BETWEEN_LINES):
            self._line_written = now
            print(f"{step}: {share:.0%}" if share else step, file=self.lines, flush=True)
        if self.bar is not None and (new or share == 1 or now - self._bar_drawn >= _BETWEEN_BARS):
            self._bar_drawn = now
            done = "#" * int(share * _WIDTH)
            self.bar.write(f"\r\x1b[K{step} [{done:{_WIDTH}}] {share:4.0%}")
            self.bar.flush()

    def end(self) -> None:
        """Nothing more is to be said; the bar goes."""
        if self.bar is not None:
            self.bar.write("\r\x1b[K")
            self.bar.flush()


def of_stage(*, large: bool) -> Progress:
    """The progress of a stage; of one that does not work on `large` files there is nothing to say.

    A bar is drawn on standard error, or on the descriptor that `TERMINAL` names, if that is a
    terminal. Lines are written to a standard error that is none.
    """
    if not large:
        return Progress()
    named = os.environ.get(TERMINAL, "")
    descriptor = int(named) if named.isdecimal() else sys.stderr.fileno()
    bar = os.fdopen(os.dup(descriptor), "w") if os.isatty(descriptor) else None
    return Progress(bar, None if sys.stderr.isatty() else sys.stderr)
