"""What the format of a SAS variable says of its numbers: a date, a date with time, or a time.

SAS stores a date as days, and a date with time or a time of day as seconds, since 1960; nothing
but the format tells them from other numbers, in any case and with any width.
"""

from __future__ import annotations

import datetime as dt
import math
import re
from typing import Literal

Meaning = Literal["date", "month", "datetime", "day of datetime", "month of datetime", "time"]

#: Name of a format without its width and decimals: the last letter ends it.
_NAME = re.compile(r"([A-Z_0-9]*[A-Z_])[0-9]*\.?[0-9]*")
_SEPARATED = "|B|C|D|N|P|S"
#: By meaning. A month shows no day, a day of a datetime no time.
_FORMATS: dict[Meaning, str] = {
    "date": (
        rf"DATE|DAY|(DDMMYY|MMDDYY|YYMMDD|JULIAN)({_SEPARATED})|[BE]8601DA|IS8601DA|DOWNAME"
        r"|EURDF(DD|DE|DN|DWN|WDX|WKX)|HDATE|HEBDATE|JULDAY|JULIAN|MINGUO|NENGO|PDJUL[GI]"
        r"|NLDATE[LMSW]?|NLDATEMD[LMS]?|NLDATEWN?|WEEKDAT[EX]|WEEKDAY|WORDDAT[EX]"
        r"|WEEK[UVW]|YYWEEK[UVW]|MDYYYY|JDATEYMDW?|JNENGOW?|JDATEYMD"
    ),
    "month": (
        rf"MONYY|MONTH|MONNAME|(MMYY|YYMM)({_SEPARATED})|YYMON|YEAR|YYYY|(YYQR?)({_SEPARATED})"
        r"|QTRR?|EURDFM[NY]|NLDATEY[MQRW][LMS]?|NLDATEMN|JDATEYM"
    ),
    "datetime": (
        r"DATETIME|DATEAMPM|MDYAMPM|[BE]8601(DT|DX|DZ|LX)|IS8601(DT|DZ)|EURDFDT"
        r"|NLDATM(AP|L|M|S|T|W|TM|WN|TZ|Z|LZ|MZ|SZ|WZ)?"
    ),
    "day of datetime": (r"DTDATE|DTWKDATX|[BE]8601DN|IS8601DN|NLDATM(DT|MD|MDL|MDM|MDS)"),
    "month of datetime": r"DTMONYY|DTYEAR|DTYYQC|NLDATM(MN|YM|YQ|YR|YW)",
    "time": (
        r"TIME|TIMEAMPM|HHMM|HOUR|MMSS|TOD|[BE]8601(TM|TZ|LZ|TX)|IS8601(TM|TZ|LZ)|NLTIME"
        r"|NLTIMAP|EURDFTM"
    ),
}
_EPOCH = dt.datetime(1960, 1, 1)
_DAY = 86400


def format_meaning(variable_format: str | None) -> Meaning | None:
    """What numbers of a SAS format stand for: "date" for DATE9.; None where they are numbers."""
    name = _NAME.fullmatch((variable_format or "").strip().upper())
    if name is None:
        return None
    return next((m for m, known in _FORMATS.items() if re.fullmatch(known, name[1])), None)


def date_or_time(number: float, meaning: Meaning) -> dt.datetime | dt.time | None:
    """The date or time that a number of SAS stands for; None where it can be none.

    A time under "time", a datetime under the others: at midnight under "day of datetime" and
    "month of datetime", unless the number lies within the first day of 1960. None where it is not
    finite, beyond the years 1 to 9999, or a negative time.
    """
    if not math.isfinite(number):
        return None
    try:
        match meaning:
            case "date" | "month":
                return _EPOCH + dt.timedelta(days=number)
            case "datetime":
                return _EPOCH + dt.timedelta(seconds=round(number, 6))
            case "day of datetime" | "month of datetime":
                moment = _EPOCH + dt.timedelta(seconds=round(number, 6))
                # Within the first day of 1960 the number is days, under a format of seconds.
                return moment if 0 < number < _DAY else dt.datetime.combine(moment, dt.time())
            case "time":
                # A time of day, or that of a date with time.
                return None if number < 0 else (_EPOCH + dt.timedelta(seconds=number)).time()
    except OverflowError:
        return None


def are_months(texts: list[str]) -> bool:
    """Whether dates (YYYY-MM-DD) under a format without a day are months: all firsts of a month.

    SAS reads JAN2024 as the first of January; another day was recorded as a day.
    """
    return all(text.endswith("-01") for text in texts)
