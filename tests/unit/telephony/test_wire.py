"""Cutting the AMI stream, reading headers, composing actions."""

import pytest

from telephony.wire import FRAME_LIMIT, AmiParser, Message, ProtocolError, UnsafeValue, compose_action, unescape_name

BANNER = b"Asterisk Call Manager/9.0.0\r\n"


def only(data: bytes) -> Message:
    (message,) = AmiParser().feed(data)
    return message


def test_channel_variables_are_read_as_a_dict_b1() -> None:
    message = only(b"Event: Hangup\r\nChanVariable: A=1\r\nChanVariable(PJSIP/x): B=2=3\r\nUniqueid: 1.1\r\n\r\n")
    assert message.chan_variables() == {"A": "1"}
    assert message.chan_variables("PJSIP/x") == {"B": "2=3"}
    assert message["Uniqueid"] == "1.1"


def test_a_stream_split_at_every_byte_gives_the_same_messages_b2() -> None:
    stream = BANNER + b"Event: A\r\nX: 1\r\n\r\nResponse: Success\r\nActionID: 7\r\n\r\nEvent: B\r\n\r\n"
    whole = AmiParser().feed(stream)
    parser = AmiParser()
    bytewise = [message for i in range(len(stream)) for message in parser.feed(stream[i : i + 1])]
    assert [dict(one.items()) for one in whole] == [dict(one.items()) for one in bytewise]
    assert [one.event or one.response for one in whole] == ["A", "Success", "B"]
    assert parser.banner == "Asterisk Call Manager/9.0.0"


def test_lines_that_end_in_lf_alone_are_read_when_the_banner_did_so_b3() -> None:
    parser = AmiParser()
    messages = parser.feed(b"Asterisk Call Manager/9.0.0\nEvent: Hangup\nUniqueid: 1.1\n\nEvent: B\n\n")
    assert [one.event for one in messages] == ["Hangup", "B"]
    assert messages[0].get("Uniqueid") == "1.1"


def test_headers_without_space_or_colon_and_lone_cr_are_tolerated_b3() -> None:
    message = only(b"Event:Hangup\r\nUniqueid:1.1\r\nnonsense\r\nName: a\rb\r\nLinkedid: 1.2\r\n\r\n")
    assert message.event == "Hangup"
    assert message.get("uniqueid") == "1.1"
    assert message.get("Linkedid") == "1.2"


def test_a_frame_that_is_neither_event_nor_response_is_dropped_and_counted_b3() -> None:
    parser = AmiParser()
    assert [one.event for one in parser.feed(b"Foo: bar\r\n\r\nEvent: A\r\n\r\n")] == ["A"]
    assert parser.dropped == 1


def test_invalid_utf8_becomes_replacement_and_nul_vanishes_b4() -> None:
    message = only(b"Event: A\r\nCallerIDName: \xc8\xe2\0\xe0\r\n\r\n")
    assert message.get("CallerIDName") == "\ufffd\ufffd\ufffd"
    assert b"\0" not in message.raw


@pytest.mark.parametrize(
    "data", [b"Event: A\r\nX: " + b"x" * 1_000_000, b"Event: A\r\n" + b"X: 1\r\n" * 100_000], ids=["line", "headers"]
)
def test_a_frame_without_an_end_is_not_ami_b5(data: bytes) -> None:
    parser = AmiParser()
    pieces = [data[start : start + 4096] for start in range(0, len(data), 4096)]
    with pytest.raises(ProtocolError):
        any(parser.feed(piece) for piece in pieces)


def test_a_frame_over_the_limit_is_not_ami_even_with_an_end_b5() -> None:
    with pytest.raises(ProtocolError):
        AmiParser().feed(b"Event: A\r\nX: " + b"x" * FRAME_LIMIT + b"\r\n\r\n")


def test_a_bare_lf_in_a_value_does_not_begin_a_header_or_an_event() -> None:
    messages = AmiParser().feed(BANNER + b"Event: VarSet\r\nValue: a\n\nEvent: Hangup\r\nUniqueid: 1.1\r\n\r\n")
    assert [one.event for one in messages] == ["VarSet"]
    assert messages[0].get("Uniqueid") == "1.1"


def test_repeated_headers_are_all_kept_and_not_single() -> None:
    message = only(b"Event: A\r\nUniqueid: 1\r\nUniqueid: 2\r\nX: \r\nY: 5\r\nY: 5\r\n\r\n")
    assert message.single("Y") == "5"
    assert message.all("Uniqueid") == ["1", "2"]
    assert message.single("Uniqueid") is None
    assert message.single("X") is None


def test_output_lines_are_joined() -> None:
    assert only(b"Response: Success\r\nOutput: one\r\nOutput: two: 2\r\n\r\n").output == "one\ntwo: 2"


def test_the_first_header_of_a_frame_and_the_last_are_found() -> None:
    message = only(b"Event: A\r\nLast: z\r\n\r\n")
    assert (message.get("Event"), message.get("Last"), message.get("Missing", "-")) == ("A", "z", "-")


def test_repr_tells_no_number() -> None:
    message = Message.of(("Event", "Newchannel"), ("CallerIDNum", "+79001234567"))
    assert repr(message) == "<Message Newchannel>"


@pytest.mark.parametrize("value", ["a\r\nAction: Command", "a\nb", "a\rb", "a\x00b", "x" * 1100, "ы" * 600, "\ud800"])
def test_a_value_that_would_break_its_line_is_refused_b14(value: str) -> None:
    with pytest.raises(UnsafeValue):
        compose_action([("Action", "Originate"), ("CallerID", value)])


def test_five_hundred_cyrillic_letters_pass() -> None:
    assert compose_action([("Action", "X"), ("Note", "ы" * 500)]).endswith(b"\r\n\r\n")


@pytest.mark.parametrize(
    "assignment",
    [
        "FILE(/x)=y",
        "SHELL(x)=1",
        "CDR(x)=1",
        "__A=1",
        "PATH=1",
        "SD_ATT=1,FILE(/x)=y",
        'SD_ATT=a"',
        "SD_ATT=${X}",
        "=1",
    ],
)
def test_a_variable_that_is_not_ours_is_refused_b15(assignment: str) -> None:
    with pytest.raises(UnsafeValue):
        compose_action([("Action", "Originate"), ("Variable", assignment)])


def test_a_variable_of_ours_passes_also_inherited() -> None:
    frame = compose_action(
        [("Action", "Originate"), ("Variable", "__SD_ATT=01ABC"), ("Variable", "SD_NUM=+79001234567")]
    )
    assert frame == b"Action: Originate\r\nVariable: __SD_ATT=01ABC\r\nVariable: SD_NUM=+79001234567\r\n\r\n"


def test_an_action_has_a_sane_first_header_and_names() -> None:
    for headers in ([], [("Channel", "x")], [("Action", "X"), ("Bad\r\nName", "x")], [("Action", "X"), ("A: b", "x")]):
        with pytest.raises(UnsafeValue):
            compose_action(headers)


def test_the_refusal_does_not_repeat_the_value() -> None:
    with pytest.raises(UnsafeValue) as refusal:
        compose_action([("Action", "X"), ("CallerID", "+79001234567\n")])
    assert "7900" not in str(refusal.value)


def test_caller_name_is_unescaped_once_b13() -> None:
    assert unescape_name(r"tab\tbell\a") == "tab\tbell\a"
    assert unescape_name(r"a\\tb \"q\"") == r'a\tb "q"'
