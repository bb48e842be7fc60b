"""Rules about people who call: from the lists, missed calls, promises, and what a third party has told."""

from __future__ import annotations

from hypothesis import strategies as st
from hypothesis.stateful import rule

from crm.campaigns.outcomes import Outcome
from crm.dialler.tables import CAMPAIGN, REMINDER
from tests.support.dialler import call_backs, households, lists, others, tips
from tests.support.dialler.draws import FAMILY, IN_VAIN, PLACE
from tests.support.dialler.steps import Steps

WHO = st.integers(0, 1)
KIND = st.sampled_from(lists.KINDS)
ENDS = st.sampled_from(["talks", "talks", "over", "over", "in vain", "not taken", "rings"])
TOLD = list(Outcome)
MINUTES = st.sampled_from([0, 1, 30, 60, 61, 240])


class Desks(Steps):
    """What happens at their desks, one thing at a time, and the usual way of it."""

    @rule(family=FAMILY, kind=KIND, who=WHO, ends=ENDS, points=st.sampled_from([0, 10]))
    def call_from_a_list(self, family: int, kind: str, who: int, ends: str = "over", points: int = 10) -> None:
        """The usual way: one more is owed, she presses, her telephone rings, then the family's."""
        self.free()
        self.owe(family, kind)
        self.world.desk.press(kind, who)
        self.world.desk.clerk()
        self.goes_on(-1, ends, "NOANSWER-19-480")
        self.hear_people()
        self.world.desk.finish(who, Outcome.TOLD if points else Outcome.NOT_REACHED, points)

    @rule(family=FAMILY, who=WHO, ends=ENDS, promised_in=MINUTES)
    def call_back(self, family: int, who: int, ends: str = "over", promised_in: int = 0) -> None:
        """A missed call, and she calls back."""
        self.free()
        call_backs.is_missed(self.world, family, promised_in)
        call_backs.call(self.world, -1, who)
        self.world.desk.clerk()
        self.goes_on(-1, ends, "BUSY-17-486")
        self.hear_people()

    @rule(family=FAMILY, who=WHO, ends=ENDS, on_card=st.booleans(), with_adult=st.booleans())
    def call_for_a_tip(self, family: int, who: int, ends: str, on_card: bool, with_adult: bool) -> None:
        """Somebody tells of a family, and she calls it."""
        self.free()
        tips.tell(self.world, family, on_card=on_card)
        tips.call(self.world, -1, who)
        self.world.desk.clerk()
        self.goes_on(-1, ends, "NOANSWER-19-480")
        self.hear_people()
        tips.talk(self.world, -1, who, with_adult=with_adult)

    def free(self) -> None:
        """Everything works, and nobody talks at their desks."""
        self.mend()
        for order_id in list(self.world.exchange.people.calls):
            self.world.exchange.people.end(order_id, "CANCEL-0-")
        self.hear_people()

    def owe(self, family: int, kind: str) -> None:
        """One more that people have to call."""
        if kind == REMINDER:
            households.remind(self.world, family, 22, by_people=True)
        elif kind == CAMPAIGN:
            others.tell(self.world, family, urgent=True, by_people=True)
        else:
            others.ask_for_rating(self.world, family, urgent=True, by_people=True)

    # --- one thing at a time; few rules, for each that there is makes all others rarer

    @rule(what=st.sampled_from(["press", "clerk", "clerk", "finish"]), kind=KIND, who=WHO, told=st.sampled_from(TOLD))
    def at_her_desk(self, what: str, kind: str, who: int, told: Outcome) -> None:
        if what == "press":
            self.world.desk.press(kind, who)
        elif what == "clerk":
            self.world.desk.clerk(unknown=told is Outcome.WRONG_NUMBER)
        else:
            self.world.desk.finish(who, told, 0 if told is Outcome.NOT_REACHED else 10)

    @rule(place=PLACE, how=ENDS, detail=IN_VAIN)
    def goes_on(self, place: int, how: str, detail: str) -> None:
        """What she and the family do with their telephones."""
        people = self.world.exchange.people
        if not people.calls:
            return
        order_id = sorted(people.calls)[place % len(people.calls)]
        if how == "not taken":
            people.end(order_id)
            return
        people.take(order_id)
        if how in ("talks", "over"):
            people.answer(order_id)
        if how in ("in vain", "over"):
            people.end(order_id, detail)

    def hear_people(self) -> None:
        """All of it, in its order."""
        self.world.desk.hear_all()
        call_backs.note(self.world)

    @rule(place=PLACE, keep=st.sampled_from([False, False, True]), lost=st.sampled_from([False, False, False, True]))
    def hear_of_people(self, place: int, keep: bool, lost: bool) -> None:
        self.world.desk.hear(place, keep=keep, lost=lost)
        call_backs.note(self.world)

    @rule(
        place=PLACE,
        who=WHO,
        what=st.sampled_from(["comes", "promise", "take", "give back", "call", "close"]),
        minutes=MINUTES,
    )
    def a_missed_call(self, place: int, who: int, what: str, minutes: int = 0) -> None:
        match what:
            case "comes":
                call_backs.is_missed(self.world, place, minutes)
            case "promise":
                call_backs.promise(self.world, place, minutes)
            case "call":
                call_backs.call(self.world, place, who)
            case "close":
                call_backs.close(self.world, place)
            case _:
                call_backs.take(self.world, place, who, back=what == "give back")

    @rule(place=PLACE, who=WHO, what=st.sampled_from(["call", "nobody", "child", "adult"]))
    def work_on_a_tip(self, place: int, who: int, what: str) -> None:
        if what == "call":
            tips.call(self.world, place, who)
        elif what == "nobody":
            tips.nobody(self.world, place, who)
        else:
            tips.talk(self.world, place, who, with_adult=what == "adult")
