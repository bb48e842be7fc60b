"""Patience and discretion of the link."""

from telephony.link import AmiAddress, Backoff


def test_back_off_doubles_from_half_a_second_to_ten_and_begins_anew() -> None:
    backoff = Backoff(jitter=lambda: 0.0)
    assert [backoff.next() for _ in range(7)] == [0.5, 1, 2, 4, 8, 10, 10]
    backoff.reset()
    assert backoff.next() == 0.5


def test_jitter_takes_up_to_half() -> None:
    assert Backoff(jitter=lambda: 1.0).next() == 0.25


def test_the_secret_is_not_in_the_repr() -> None:
    assert "s3cret" not in repr(AmiAddress("h", 5038, "u", "s3cret"))
