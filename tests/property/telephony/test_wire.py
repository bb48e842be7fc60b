"""Whatever comes and whatever is said: lines stay lines."""

from hypothesis import given
from hypothesis import strategies as st

from telephony.agi_wire import compose_command, parse_environment, parse_reply
from telephony.wire import AmiParser, ProtocolError, UnsafeValue, compose_action

NASTY = st.text(st.characters() | st.sampled_from('\r\n\0:"\\,${} \x1f\u2028ы'), max_size=60)
STREAM = st.lists(
    st.sampled_from(
        [b"Event: A", b"Response: Success", b"\r\n", b"\n", b"\r", b"\r\n\r\n", b"X: 1", b":", b"\0", b"\xff"]
    ),
    max_size=40,
).map(b"".join)


def read(parser: AmiParser, *pieces: bytes) -> list[bytes]:
    return [message.raw for piece in pieces for message in parser.feed(piece)]


@given(STREAM, st.data())
def test_any_split_of_a_stream_gives_the_same_messages(stream: bytes, data: st.DataObject) -> None:
    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=8)))
    pieces = [stream[a:b] for a, b in zip([0, *cuts], [*cuts, len(stream)], strict=True)]
    whole, split = AmiParser(), AmiParser()
    assert read(whole, stream) == read(split, *pieces)
    assert (whole.banner, whole.dropped) == (split.banner, split.dropped)


@given(st.binary(max_size=300))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    parser = AmiParser(frame_limit=100)
    try:
        for message in parser.feed(data):
            dict(message.items())
            message.chan_variables()
    except ProtocolError:
        pass


@given(st.lists(st.tuples(NASTY, NASTY), max_size=5))
def test_an_action_is_refused_or_is_exactly_its_lines(headers: list[tuple[str, str]]) -> None:
    try:
        frame = compose_action([("Action", "Originate"), *headers])
    except UnsafeValue:
        return
    lines = frame.removesuffix(b"\r\n\r\n").split(b"\r\n")
    assert len(lines) == len(headers) + 1
    assert not any(one in line for line in lines for one in (b"\r", b"\n", b"\0"))
    (message,) = AmiParser().feed(frame.replace(b"Action: ", b"Event: ", 1))
    assert message.event == "Originate"


def unquote(command: str) -> list[str]:
    """Words as res_agi.c's parse_args sees them."""
    words, word, quoted, escaped, begun = [], "", False, False, False
    for letter in command:
        if escaped:
            word, escaped = word + letter, False
        elif letter == "\\":
            escaped, begun = True, True
        elif letter == '"':
            quoted, begun = not quoted, True
        elif letter == " " and not quoted:
            if begun:
                words.append(word)
            word, begun = "", False
        else:
            word, begun = word + letter, True
    return [*words, word] if begun else words


@given(NASTY, NASTY)
def test_what_is_quoted_for_agi_is_what_asterisk_reads(name: str, value: str) -> None:
    try:
        line = compose_command("NOOP", name, value)
    except UnsafeValue:
        return
    assert line.count(b"\n") == 1
    assert b"\r" not in line
    assert unquote(line.decode()[:-1]) == ["NOOP", *(one for one in (name, value) if one)]


@given(st.text(st.characters(exclude_characters="\n\r\0"), max_size=50))
def test_a_variable_read_back_is_the_variable(value: str) -> None:
    assert parse_reply(f"200 result=1 ({value})").data == value


@given(st.binary(max_size=300))
def test_any_environment_is_read(data: bytes) -> None:
    parse_environment(data)
