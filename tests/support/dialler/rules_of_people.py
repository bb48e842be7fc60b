"""Rules about families, and about the people who look after them."""

from __future__ import annotations

from hypothesis import strategies as st
from hypothesis.stateful import rule

from crm.reminders.human_list import Outcome
from tests.support.dialler import households, others
from tests.support.dialler.draws import BY_PEOPLE, FAMILY, NO_SUCH_NUMBER, PLACE
from tests.support.dialler.rules_of_calls import Calls


class People(Calls):
    """What they do, one thing at a time."""

    @rule(family=FAMILY, hours=st.sampled_from([2, 4, 22, 46]), by_people=BY_PEOPLE)
    def remind(self, family: int, hours: int, by_people: bool) -> None:
        households.remind(self.world, family, hours, by_people=by_people)

    @rule(family=FAMILY, urgent=st.booleans(), by_people=BY_PEOPLE)
    def ask_for_rating(self, family: int, urgent: bool, by_people: bool = False) -> None:
        others.ask_for_rating(self.world, family, urgent=urgent, by_people=by_people)

    @rule(family=FAMILY, urgent=st.booleans(), by_people=BY_PEOPLE)
    def tell(self, family: int, urgent: bool, by_people: bool = False) -> None:
        others.tell(self.world, family, urgent=urgent, by_people=by_people)

    @rule(place=PLACE)
    def rate_in_person(self, place: int) -> None:
        others.rate_in_person(self.world, place)

    @rule(place=PLACE, paused=st.booleans())
    def hold_back(self, place: int, paused: bool) -> None:
        others.hold_back(self.world, place, paused)

    @rule(points=st.sampled_from([0, 0, 1, 10]), outcome=st.sampled_from(list(others.Outcome)))
    def work_the_other_lists(self, points: int, outcome: others.Outcome) -> None:
        others.work_the_lists(self.world, points, outcome)

    @rule()
    def settle(self) -> None:
        others.settle(self.world)

    @rule(place=PLACE)
    def call_off(self, place: int) -> None:
        households.call_off(self.world, place)

    @rule(family=st.integers(0, 1), everything=st.booleans())
    def refuse(self, family: int, everything: bool) -> None:
        households.refuse(self.world, family, everything)

    @rule(family=FAMILY)
    def change_number(self, family: int) -> None:
        households.change_number(self.world, family)

    @rule(place=PLACE, rarely=st.integers(0, 3))
    def no_such_number(self, place: int, rarely: int) -> None:
        if rarely == 0:
            self.end(place, NO_SUCH_NUMBER)

    @rule(outcome=st.sampled_from(list(Outcome)))
    def work_the_list(self, outcome: Outcome) -> None:
        households.work_the_list(self.world, outcome)

    @rule()
    def stop(self) -> None:
        self.world.stop()

    @rule(seconds=st.sampled_from([60, 900, 7200]))
    def pause(self, seconds: int) -> None:
        self.world.pause(seconds)

    @rule()
    def resume(self) -> None:
        self.world.resume()
