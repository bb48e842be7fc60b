"""Receptions as an iCalendar file (RFC 5545) for a specialist's own calendar: times and rooms, never a name. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

LINE_OCTETS = 75


@dataclass(frozen=True)
class Event:
    """One reception. `uid` is unique in the world; `words` «Приём, каб. 12»; `sequence` grows with every change."""

    uid: str
    starts_at: datetime
    ends_at: datetime
    words: str
    place: str = ""
    sequence: int = 0
    is_cancelled: bool = False


def calendar_file(events: Iterable[Event], made_at: datetime) -> str:
    """The file's text, lines ended by CR LF and folded at 75 octets. Instants are written in UTC."""
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//family-dispatch//appointments//RU", "CALSCALE:GREGORIAN",
             "METHOD:PUBLISH"]  # fmt: skip
    for one in events:
        lines += [
            "BEGIN:VEVENT",
            f"UID:{one.uid}",
            f"DTSTAMP:{_stamp(made_at)}",
            f"DTSTART:{_stamp(one.starts_at)}",
            f"DTEND:{_stamp(one.ends_at)}",
            f"SEQUENCE:{one.sequence}",
            f"SUMMARY:{_escaped(one.words)}",
            *([f"LOCATION:{_escaped(one.place)}"] if one.place else []),
            f"STATUS:{'CANCELLED' if one.is_cancelled else 'CONFIRMED'}",
            "CLASS:PRIVATE",
            "END:VEVENT",
        ]
    lines.append("END:VCALENDAR")
    return "".join(f"{_folded(line)}\r\n" for line in lines)


def _stamp(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y%m%dT%H%M%SZ}"


def _escaped(text: str) -> str:
    """3.3.11: backslash, semicolon, comma and line ends."""
    for plain, safe in (("\\", "\\\\"), (";", "\\;"), (",", "\\,"), ("\r\n", "\\n"), ("\n", "\\n")):
        text = text.replace(plain, safe)
    return text


def _folded(line: str) -> str:
    """3.1: continued on a line that begins with a space; a letter of two octets is never torn apart."""
    pieces: list[str] = []
    piece, size = "", 0
    for letter in line:
        octets = len(letter.encode())
        if size + octets > LINE_OCTETS - bool(pieces):
            pieces.append(piece)
            piece, size = "", 0
        piece, size = piece + letter, size + octets
    return "\r\n ".join([*pieces, piece])
