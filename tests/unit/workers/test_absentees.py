"""Which queues have lost sight of a phone that is there."""

from telephony.snapshot import MemberNow
from workers.absentees import UNAVAILABLE, forgotten

READY = {"101": (False, ""), "102": (True, "break")}


def member(extension: str, status: int, queue: str = "dispatch") -> MemberNow:
    return MemberNow(
        queue=queue,
        interface=f"Local/{extension}@sd-operator",
        name=extension,
        status=status,
        paused=False,
        pause_reason="",
        in_call=False,
    )


def test_who_is_ready_and_registered_but_held_for_absent_is_found_in_every_queue() -> None:
    members = [member("101", UNAVAILABLE), member("101", UNAVAILABLE, "coordinator"), member("101", 1, "third")]
    assert forgotten(members, READY, lambda _: True) == {"dispatch", "coordinator"}


def test_who_has_no_phone_registered_is_truly_absent() -> None:
    assert forgotten([member("101", UNAVAILABLE)], READY, lambda _: False) == frozenset()


def test_nobody_is_asked_about_who_is_seen_or_does_not_take_calls() -> None:
    asked: list[str] = []
    members = [member("101", 1), member("102", UNAVAILABLE), member("999", UNAVAILABLE)]
    assert forgotten(members, READY, lambda extension: bool(asked.append(extension))) == frozenset()
    assert asked == []
