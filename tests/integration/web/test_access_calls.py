"""A restricted family on the telephone, and its double in the files, before those who are not entitled (S15, §2.6)."""

from __future__ import annotations

from sqlalchemy import delete, select

from crm.family_tables import Family, FamilyAssignment, Person, Phone
from crm.search.index import reindex_family
from crm.staff import by_login

NUMBER, TYPED = "+79070007711", "8 907 000-77-11"
HIDDEN, OPEN = "Скрытнова", "Явная"
TELLTALE = (HIDDEN.casefold(), "потайн", "тишка", "000-77-11", "9070007711")


def families(office) -> tuple[int, int]:
    """A hidden card and an open one with the same telephone and the same day of birth; return their ids."""
    with office.desk.database.transaction() as session:
        made = []
        for surname, name, restricted in ((HIDDEN, "Тишка", True), (OPEN, "Вера", False)):
            like = session.scalars(select(Family).where(~Family.restricted)).first()
            assert like is not None
            family = Family(
                card_number=f"С-9{len(made)}001", name=surname, address="ул. Потайная, д. 3" if restricted else "",
                restricted=restricted, created_at=like.created_at,
            )  # fmt: skip
            person = Person(
                surname=surname, name=name, is_applicant=True, relation="мать", birth_date=like.people[0].birth_date,
                search_key=f"{surname} {name}".casefold(),
            )  # fmt: skip
            person.phones = [Phone(number=NUMBER, raw=TYPED)]
            family.people, family.statuses = [person], []
            session.add(family)
            session.flush()
            reindex_family(session, family)
            made.append(family.id)
        session.execute(delete(FamilyAssignment).where(FamilyAssignment.family_id == made[0]))
    return made[0], made[1]


def entrust(office, family_id: int, login: str) -> None:
    with office.desk.database.transaction() as session:
        employee = by_login(session, login)
        assert employee is not None
        session.add(FamilyAssignment(family_id=family_id, employee_id=employee.id))


def told(text: str) -> list[str]:
    folded = text.casefold()
    return [word for word in TELLTALE if word in folded]


def test_the_screen_says_that_somebody_is_protected_and_not_who(office):
    hidden, _ = families(office)
    lavrova = office.browser("lavrova")
    office.ring(number=NUMBER)
    for text in (lavrova.get("/workplace").text, lavrova.get("/parts?at=workplace").text):
        assert "ограниченным доступом" in text
        assert [word for word in told(text) if "77-11" not in word and "7711" not in word] == []
    office.answer()
    text = lavrova.get("/parts?at=workplace").text
    assert not {HIDDEN.casefold(), "потайн", "тишка"} & set(told(text))
    assert lavrova.get(f"/families/{hidden}").status_code == 404


def test_who_is_entrusted_sees_who_calls(office):
    hidden, _ = families(office)
    entrust(office, hidden, "lavrova")
    office.ring(number=NUMBER)
    assert "тишка" in office.browser("lavrova").get("/workplace").text.casefold()


def test_choosing_the_hidden_person_by_hand_opens_nothing(office):
    """The number is shared, so she may be chosen; her card stays shut whatever the caller answers."""
    hidden, _ = families(office)
    with office.desk.database.reading() as session:
        person = session.scalars(select(Person).where(Person.family_id == hidden)).one()
    lavrova = office.browser("lavrova")
    call = office.ring(number=NUMBER)
    office.answer()
    lavrova.post(f"/calls/{call}/person", person_id=person.id)
    lavrova.post(f"/calls/{call}/identity", named="yes", street="Потайная", birth_date=f"{person.birth_date:%d.%m.%Y}")
    text = lavrova.get("/parts?at=workplace").text
    assert not {HIDDEN.casefold(), "потайн", "тишка"} & set(told(text))


def test_the_list_of_doubles_and_the_warning_while_typing_know_nothing_of_it(office):
    hidden, shown = families(office)
    gromova, head = office.browser("gromova"), office.browser("roshchina")
    assert HIDDEN not in gromova.get("/families/duplicates").text
    assert HIDDEN in head.get("/families/duplicates").text
    for browser, knows in ((gromova, False), (head, True)):
        text = browser.post("/families/likely", surname="Новая", phones=TYPED).text
        assert OPEN in text
        assert (HIDDEN.casefold() in text.casefold()) == knows
    assert gromova.get(f"/families/{shown}/merge/{hidden}").status_code == 404
    assert HIDDEN not in gromova.post(f"/families/{shown}/merge", text=TYPED).text
