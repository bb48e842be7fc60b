"""Who must be paused, from what is wished and what is so."""

from telephony.snapshot import MemberNow
from workers.pauses import PauseChange, pause_changes


def member(extension: str, *, paused: bool, queue: str = "family") -> MemberNow:
    return MemberNow(
        queue=queue,
        interface=f"Local/{extension}@sd-operator",
        name=extension,
        status=1,
        paused=paused,
        pause_reason="",
        in_call=False,
    )


def test_only_what_differs_is_ordered() -> None:
    members = [member("101", paused=False), member("102", paused=True), member("103", paused=False)]
    desired = {"101": (True, "обед"), "102": (True, "wrapup"), "103": (False, "")}
    assert pause_changes(members, desired) == (PauseChange("family", "Local/101@sd-operator", True),)


def test_who_is_ready_again_is_unpaused_in_every_queue() -> None:
    members = [member("101", paused=True), member("101", paused=True, queue="coordinator")]
    assert [change.paused for change in pause_changes(members, {"101": (False, "")})] == [False, False]


def test_a_member_we_know_nothing_of_is_left_alone() -> None:
    assert pause_changes([member("999", paused=True)], {"101": (False, "")}) == ()
