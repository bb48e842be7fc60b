"""Moments as the screens say them: «5 мин назад», «через 12 мин», «вчера 14:30», «12.11 10:15»."""

from datetime import datetime, timedelta, tzinfo
from math import ceil

_NEAR_DAYS = {-1: "вчера", 0: "сегодня", 1: "завтра"}


def ago(then: datetime, now: datetime, zone: tzinfo) -> str:
    """``then`` as seen from ``now``, both aware, said in the institution's time zone.

    Within the hour in minutes; farther away by day and time of day, so that nobody has to count hours back; another
    year is named. Raises ValueError for a moment without a time zone.
    """
    if then.utcoffset() is None or now.utcoffset() is None:
        raise ValueError("both moments need a time zone")
    distance = then - now
    if timedelta(minutes=-1) < distance <= timedelta(0):
        return "только что"
    if timedelta(0) < distance < timedelta(hours=1):
        # Rounded up: «через 12 мин» must not be over in eleven and a half.
        return f"через {ceil(distance / timedelta(minutes=1))} мин"
    if timedelta(hours=-1) < distance < timedelta(0):
        return f"{-distance // timedelta(minutes=1)} мин назад"
    return _by_the_calendar(then.astimezone(zone), now.astimezone(zone))


def _by_the_calendar(then: datetime, now: datetime) -> str:
    days = (then.date() - now.date()).days
    if days in _NEAR_DAYS:
        return f"{_NEAR_DAYS[days]} {then:%H:%M}"
    return f"{then:%d.%m %H:%M}" if then.year == now.year else f"{then:%d.%m.%Y %H:%M}"
