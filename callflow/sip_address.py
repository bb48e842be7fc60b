"""One SIP address header taken apart by the grammar of RFC 3261 §25.1: ``name-addr / addr-spec``, then ``;parameters``.

::

    "Name \\"quoted\\"" <sip:user;user-param:password@host;uri-param?headers>;tag=1
    Name of tokens <tel:+7…;phone-context=…>          sip:user@host;tag=1

A reader of hostile text: it never raises, and where the text leaves the grammar it says so (``is_odd``) instead of
repairing it.
"""

import re
from dataclasses import dataclass

_LONGEST_HEADER = 4_096

_SPACES = " \t"

_CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")

_NOT_IN_A_URI = re.compile(r"[^\x21-\x7e]|[\"<>\\^`{|}]")

_NOT_IN_AN_UNQUOTED_NAME = re.compile(r"[@:;,\"\\]")

_HEADER_PARAMETERS = re.compile(r"[ \t]*(;[^<>,]*)?")

_ESCAPE = re.compile(r"%([0-9A-Fa-f]{2})?")

_KNOWN_USER_PARAMETERS = frozenset(
    ["phone-context", "isub", "ext", "cpc", "oli", "noa", "npdi", "rn", "cic", "tgrp", "trunk-context", "user"]
)
"""RFC 3966 and its registry. A parameter that nobody knows has no business in a caller's number (B30: ``;x=1``)."""


@dataclass(frozen=True)
class SipAddress:
    """``user``: the decoded user part or telephone number, without its parameters, empty if there is none."""

    display_name: str
    user: str
    is_odd: bool


def parse_address(raw: str) -> SipAddress:
    """Take one header value apart; an empty one is an address without name and user."""
    is_odd = len(raw) > _LONGEST_HEADER or bool(_CONTROL.search(raw.rstrip("\r\n")))
    text = raw[:_LONGEST_HEADER].strip(" \t\r\n")
    if text.startswith('"'):
        name, rest, is_closed = _quoted(text)
        if not is_closed or not rest.lstrip(_SPACES).startswith("<"):
            return SipAddress(name, "", True)
        return _in_brackets(name, rest.lstrip(_SPACES), is_odd)
    if "<" in text:
        name, _, rest = text.partition("<")
        is_odd = is_odd or bool(_NOT_IN_AN_UNQUOTED_NAME.search(name))
        return _in_brackets(name, "<" + rest, is_odd)
    return _bare(text, is_odd)


def split_addresses(raw: str) -> list[str]:
    """The values of a header that may hold several (RFC 3325 §9.1), split at commas outside quotes and brackets."""
    parts, start, is_quoted, depth, position = [], 0, False, 0, 0
    text = raw[:_LONGEST_HEADER]
    while position < len(text):
        character = text[position]
        if is_quoted and character == "\\":
            position += 1  # the next character is quoted, whatever it is
        elif character == '"':
            is_quoted = not is_quoted
        elif not is_quoted and character in "<>":
            depth += 1 if character == "<" else -1
        elif not is_quoted and depth == 0 and character == ",":
            parts.append(text[start:position])
            start = position + 1
        position += 1
    return [part for part in (*parts, text[start:]) if part.strip()]


def _quoted(text: str) -> tuple[str, str, bool]:
    """(the string's content with its escapes undone, what follows it, whether the closing quote was there)."""
    content: list[str] = []
    position = 1
    while position < len(text):
        character = text[position]
        if character == '"':
            return "".join(content), text[position + 1 :], True
        if character == "\\" and position + 1 < len(text):
            position += 1
            character = text[position]
        content.append(character)
        position += 1
    return "".join(content), "", False


def _in_brackets(name: str, text: str, is_odd: bool) -> SipAddress:
    uri, closing, rest = text[1:].partition(">")
    if not closing:
        return SipAddress(name, "", True)
    user, is_odd_user = _user(uri)
    return SipAddress(name, user, is_odd or is_odd_user or not _HEADER_PARAMETERS.fullmatch(rest))


def _bare(text: str, is_odd: bool) -> SipAddress:
    """Without brackets a semicolon ends the URI (RFC 3261 §20); an ``@`` behind it shows that the sender meant
    otherwise."""
    uri, _, parameters = text.partition(";")
    if ":" not in uri:
        user, is_odd_user = _user(uri.rstrip(_SPACES))
        return SipAddress("", user, is_odd or is_odd_user)
    if "@" in parameters and "@" not in uri:
        user, _ = _user(uri + "@")
        return SipAddress("", user, True)
    user, is_odd_user = _user(uri)
    return SipAddress("", user, is_odd or is_odd_user or "?" in uri or "," in uri)


def _user(uri: str) -> tuple[str, bool]:
    """(user part, whether the URI leaves the grammar)."""
    if _NOT_IN_A_URI.search(uri):
        return "", True
    scheme, colon, rest = uri.partition(":")
    if not colon:
        return uri, bool(re.search(r"[^A-Za-z]", uri))  # <unknown> is what exchanges write, <112> is not
    if scheme.casefold() == "tel":
        return _subscriber(rest.partition("?")[0])
    if scheme.casefold() not in ("sip", "sips") or rest.count("@") > 1:
        return "", True
    userinfo, at, host = rest.partition("@")
    if not at:
        return "", not rest or rest.lstrip("+").isdigit()  # a number where the host should be
    return _subscriber(userinfo.partition(":")[0], is_odd=not host)


def _subscriber(text: str, *, is_odd: bool = False) -> tuple[str, bool]:
    number, *parameters = text.split(";")
    names = {parameter.partition("=")[0].casefold() for parameter in parameters}
    decoded = _unescaped(number)
    if decoded is None:
        return "", True
    return decoded, is_odd or not names <= _KNOWN_USER_PARAMETERS


def _unescaped(text: str) -> str | None:
    """%-escapes undone, once; None if one is broken or hides a control character (M7: ``%0d%0a`` forged whole AMI
    events)."""
    if any(match.group(1) is None for match in _ESCAPE.finditer(text)):
        return None
    octets = _ESCAPE.sub(lambda match: chr(int(match.group(1), 16)), text).encode("latin-1")
    try:
        decoded = octets.decode("utf-8")
    except UnicodeDecodeError:
        return None
    return None if any(ord(character) < 0x20 or ord(character) == 0x7F for character in decoded) else decoded
