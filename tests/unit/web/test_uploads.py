"""Files on their way in: how long and how much the outermost door lets pass, and how a form is taken apart."""

import asyncio

import pytest

from web import guard
from web.multipart import Broken, Incoming
from web.role_matrix import routes_of
from web.uploads import Receiver, shown_name

TYPE = "multipart/form-data; boundary=b"
SCOPE = {"type": "http", "method": "POST", "path": "/imports", "headers": [(b"content-type", TYPE.encode())]}
FORM = (
    b'--b\r\nContent-Disposition: form-data; name="csrf"\r\n\r\ntoken\r\n'
    b'--b\r\nContent-Disposition: form-data; name="file"; filename="a;b.csv"\r\nContent-Type: text/csv\r\n\r\n'
    b"one\r\n--bounded\r\ntwo\r\n--b--\r\n"
)


def test_every_route_that_takes_a_file_is_named_at_the_door_and_checks_the_sender_first(app):
    taking = {}
    for route in routes_of(app):
        calls = [one.call for one in route.dependant.dependencies]
        receivers = [place for place, call in enumerate(calls) if isinstance(call, Receiver)]
        if receivers:
            taking[route.path] = receivers[0]
            rules = [place for place, call in enumerate(calls) if type(call).__name__ == "Rule"]
            assert rules[0] < receivers[0], f"{route.path}: allow(…) must stand before one_file()"
    assert set(taking) == guard.UPLOAD_PATHS


def read(pieces):
    async def stream():
        for piece in pieces:
            yield piece

    async def whole():
        incoming = Incoming(TYPE, stream())
        fields = await incoming.fields()
        return fields, incoming.file_name, b"".join([piece async for piece in incoming.file_pieces()])

    return asyncio.run(whole())


@pytest.mark.parametrize("size", [1, 2, 7, 64, 10_000])
def test_a_form_is_the_same_however_the_network_cuts_it(size):
    pieces = [FORM[start : start + size] for start in range(0, len(FORM), size)]
    assert read(pieces) == ([("csrf", "token")], "a;b.csv", b"one\r\n--bounded\r\ntwo")


@pytest.mark.parametrize("end", range(1, len(FORM) - 4, 5))
def test_a_form_cut_anywhere_is_broken(end):
    with pytest.raises(Broken):
        read([FORM[:end]])


def test_the_fields_are_known_before_the_file_is_read():
    asked = []

    async def stream():
        for place, piece in enumerate([FORM[:170], FORM[170:]]):
            asked.append(place)
            yield piece

    async def first():
        return await Incoming(TYPE, stream()).fields()

    assert asyncio.run(first()) == [("csrf", "token")]
    assert asked == [0]


def refused(receive):
    async def go():
        bounded = await guard._bounded(SCOPE, receive)
        while (await bounded()).get("more_body"):
            pass

    with pytest.raises(guard.Refused) as refusal:
        asyncio.run(go())
    return refusal.value.status


def test_b65_a_sender_who_dawdles_is_not_waited_for(monkeypatch):
    monkeypatch.setattr(guard, "UPLOAD_PAUSE_SECONDS", 0.02)

    async def silent():
        await asyncio.Event().wait()

    assert refused(silent) == 408


def test_b65_a_sender_who_sends_a_byte_at_a_time_is_not_waited_for_either(monkeypatch):
    monkeypatch.setattr(guard, "UPLOAD_SECONDS", 0.05)

    async def trickle():
        await asyncio.sleep(0)
        return {"type": "http.request", "body": b"x", "more_body": True}

    assert refused(trickle) == 408


def test_b65_a_body_without_an_end_is_cut(monkeypatch):
    monkeypatch.setattr(guard, "MAX_UPLOAD", 1_000_000)

    async def endless():
        return {"type": "http.request", "body": b"x" * 65_536, "more_body": True}

    assert refused(endless) == 413


@pytest.mark.parametrize(
    ("sent", "shown"),
    [("a/b/c.csv", "c.csv"), ("C:\\x\\y.xlsx", "y.xlsx"), ("\0\n", "без названия"), ("...", "без названия")],
)
def test_names_are_for_showing(sent, shown):
    assert shown_name(sent) == shown
