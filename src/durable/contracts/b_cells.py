"""Coded texts of ADBC, the times to B-cell aplasia and recovery. Light to import."""

from __future__ import annotations

APLASIA, RECOVERY = "BCAPL", "BCREC"
PARAMETERS = {APLASIA: "Time to B-cell aplasia", RECOVERY: "Time to B-cell recovery"}
#: EVNTDESC of the events, and of the reasons for censoring, which CNSR counts from 1.
EVENTS = {APLASIA: "B-CELL APLASIA", RECOVERY: "B-CELL RECOVERY"}
NOT_BY_LAST, UNCONFIRMED, DIED, NO_RESULT = (
    *("NOT BY THE LAST RESULT", "RECOVERY NOT CONFIRMED", "DEATH"),
    "NO RESULT AFTER INFUSION",
)
REINFUSED = "RE-INFUSION"
REASONS = (NOT_BY_LAST, UNCONFIRMED, DIED, NO_RESULT, REINFUSED)
