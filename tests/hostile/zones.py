"""Prints what Python's own reading of the time-zone database under PYTHONTZPATH says, for the test beside it.

One line per zone: its name, the offset from UTC in seconds at the start, and `instant=offset` for each change from
2019-12 to 2041-01, both in seconds. A change is the first second at which the new offset holds.
"""

import datetime as dt
import sys
import zoneinfo

FROM = int(dt.datetime(2019, 12, 1, tzinfo=dt.timezone.utc).timestamp())
TO = int(dt.datetime(2041, 2, 1, tzinfo=dt.timezone.utc).timestamp())
STEP = 2 * 86_400


def offset(zone, instant):
    return int(dt.datetime.fromtimestamp(instant, zone).utcoffset().total_seconds())


def changes(zone):
    at, known = FROM, offset(zone, FROM)
    while at < TO:
        following = at + STEP
        if (then := offset(zone, following)) != known:
            low, high = at, following
            while high - low > 1:
                middle = (low + high) // 2
                if offset(zone, middle) == known:
                    low = middle
                else:
                    high = middle
            # What comes right after it may be another change within the same step.
            then = offset(zone, high)
            yield f"{high}={then}"
            at, known = high, then
            continue
        at = following


names = sorted(zoneinfo.available_timezones())
if len(names) < 400:
    sys.exit("zones.py: this machine has no time-zone database (package tzdata)")
for name in names:
    zone = zoneinfo.ZoneInfo(name)
    print(name, offset(zone, FROM), *changes(zone))
