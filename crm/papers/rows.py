"""One row of a register understood: a family to be, and what in the row could not be used.

Pure but for its words: the same row gives the same `Understood`. Where something is not understood, the text is kept
for a person (`Draft.situation`) rather than guessed at.
"""

import re
from collections.abc import Iterator
from datetime import date

from callflow.text import clean_line, clean_text, search_key
from crm.papers import composition
from crm.papers.contacts import read_contacts
from crm.papers.dates import read_date, read_year
from crm.papers.drafts import Draft, PersonDraft, Problem, Understood
from crm.papers.family_status_words import HEALTH, read_statuses
from crm.papers.mapping import MEANINGS, Mapping
from crm.papers.reading import MAX_CELL, Cell, Row

REVIEW = "Проверить состав семьи: загружен из файла текстом"
RESTRICTED_STATUS = "СОП"
_LOCALITY = re.compile(
    r"((?:г|с|д|дер|п|пос|пгт|рп|х|сл|ст|город|село|деревня|пос[её]лок|хутор|слобода|станица)\.?\s+[А-ЯЁ][\w .-]*?)"
    r",\s*(\S.*)",
    re.DOTALL,
)


def understand(row: Row, mapping: Mapping, area_code: str | None, today: date) -> Understood:
    """Read one row by the mapping. `area_code` makes local numbers whole (B34); `today` at the institution."""
    return _Reading(row, mapping, area_code, today).whole()


class _Reading:
    def __init__(self, row: Row, mapping: Mapping, area_code: str | None, today: date) -> None:
        self.row, self.mapping, self.area_code, self.today = row, mapping, area_code, today
        self.problems: list[Problem] = []
        self.kept: list[str] = []  # what goes into «Ситуация» as it stands in the file
        self.review = False

    def whole(self) -> Understood:
        self._cell_problems()
        people = self._people()
        if not people:
            if not any(problem.fatal for problem in self.problems):
                self._say(self._name_column(), "Не понятно, кто заявитель: нужны фамилия и имя.", fatal=True)
            return self._refused()
        applicant = people[0]
        self._contacts(applicant)
        statuses = self._statuses()
        address = " ".join(text for _column, text in self._texts("address"))
        locality = self._line("locality", 120)
        if not locality and (match := _LOCALITY.fullmatch(address)):
            locality, address = match[1], match[2]
        applicant.registration_address = self._line("registration_address", 300)
        draft = Draft(
            row=self.row.number,
            people=people,
            address=clean_line(address, 300),
            locality=clean_line(locality, 120),
            brief=self._text("brief"),
            measures=self._text("measures"),
            statuses=statuses,
            restricted=RESTRICTED_STATUS in statuses,
            review=self.review,
        )
        notes = [text for _column, text in self._texts("note")]
        draft.situation = clean_text("\n".join([*notes, *self.kept]))
        if any(problem.fatal for problem in self.problems):
            return self._refused()
        return Understood(draft, tuple(self.problems))

    def _refused(self) -> Understood:
        """What would be kept of a row that is not loaded, nobody needs to know."""
        return Understood(None, tuple(problem for problem in self.problems if problem.fatal))

    def _say(self, column: int | None, sentence: str, *, fatal: bool = False) -> None:
        self.problems.append(Problem(column, sentence, fatal))

    def _cells(self, meaning: str) -> Iterator[tuple[int, Cell]]:
        for column in self.mapping.places(meaning):
            if column < len(self.row.cells):
                yield column, self.row.cells[column]

    def _texts(self, meaning: str) -> list[tuple[int, str]]:
        return [(column, cell.text) for column, cell in self._cells(meaning) if cell.text]

    def _line(self, meaning: str, limit: int = 80) -> str:
        return clean_line(" ".join(text for _column, text in self._texts(meaning)), limit)

    def _text(self, meaning: str) -> str:
        return clean_text("\n".join(text for _column, text in self._texts(meaning)))

    def _name_column(self) -> int | None:
        return next((self.mapping.places(name)[0] for name in ("full_name", "surname", "composition")
                     if self.mapping.places(name)), None)  # fmt: skip

    def _cell_problems(self) -> None:
        for column, meaning in sorted(self.mapping.columns.items()):
            cell = self.row.cells[column] if column < len(self.row.cells) else Cell()
            if cell.problem:
                self._say(column, cell.problem, fatal=meaning != "number")
            elif len(cell.text) >= MAX_CELL:
                self._say(column, f"Текст длиннее {MAX_CELL} знаков: остаток не загружен.")

    def _people(self) -> list[PersonDraft]:
        """The applicant first: named in a column of its own, else the first of the composition."""
        named = self._named()
        members = self._members("composition", "", named.surname if named else "")
        if named is None and members:
            named = members[0]
        if named is None:
            return []
        same = next((member for member in members if _same_person(member, named)), None)
        if same is not None and same is not named:
            named.relation = same.relation or named.relation
            named.birth_date = named.birth_date or same.birth_date
        rest = [member for member in members if member is not same and member is not named]
        spouse = self._members("spouse", "", named.surname)
        for one in spouse:
            one.relation = one.relation or ("муж" if composition.is_man(one.name, one.patronymic) else "жена")
        children = self._members("children", composition.CHILD, named.surname)
        known = {(one.key, one.birth_date) for one in (*rest, *spouse)}
        people = [named, *rest, *spouse, *(child for child in children if (child.key, child.birth_date) not in known)]
        named.relation = named.relation or "заявитель"
        return people

    def _named(self) -> PersonDraft | None:
        """The applicant's own columns."""
        surname, name, patronymic = (self._line(part) for part in ("surname", "name", "patronymic"))
        if not surname and (texts := self._texts("full_name")):
            column, text = texts[0]
            read = composition.parse(text, self.today)
            if len(read.members) == 1 and read.complete:
                one = read.members[0]
                named = _draft(one)
                named.birth_date = self._birth_date() or one.birth_date
                return named
            words = clean_line(text, 200).split()
            if not words or any(sign.isdigit() for sign in text):
                self._say(column, "Имя не понято: нужны фамилия, имя и отчество через пробел.", fatal=True)
                return None
            surname, name, patronymic = words[0], " ".join(words[1:2]), " ".join(words[2:])
        if not surname:
            return None
        return PersonDraft(surname, name, patronymic, birth_date=self._birth_date())

    def _birth_date(self) -> date | None:
        for column, text in self._texts("birth_date"):
            born = read_date(text, self.today)
            if born is None and read_year(text, self.today):
                self._say(column, "Указан только год рождения: дата оставлена пустой, год – в описании ситуации.")
                self.kept.append(f"Год рождения заявителя по файлу: {clean_line(text)}")
            elif born is None:
                self._say(column, "Дата рождения не понята: нужна дата, например 12.11.1990.")
                self.kept.append(f"Дата рождения заявителя в файле: {clean_line(text)}")
            return born
        return None

    def _members(self, meaning: str, relation: str, surname: str) -> list[PersonDraft]:
        """People of a cell that names several. What is not understood is kept as text for somebody to look at."""
        found: list[PersonDraft] = []
        for column, text in self._texts(meaning):
            if search_key(text) in ("", "нет"):
                continue
            read = composition.parse(clean_text(text, MAX_CELL), self.today, relation=relation, surname=surname)
            title = MEANINGS[meaning]
            if not read.exact:
                self.kept.append(f"{title} (из файла): {clean_text(text, MAX_CELL)}")
            if read.complete:
                found += [_draft(member) for member in read.members]
                continue
            self.review = True
            self._say(column, f"«{title}» понято не полностью: текст сохранён в описании ситуации, проверьте карточку.")
            if meaning == "composition" and read.members and read.members[0].surname and read.members[0].name:
                found.append(_draft(read.members[0]))
        return found

    def _contacts(self, applicant: PersonDraft) -> None:
        for meaning in ("contacts", "phone", "email"):
            for column, text in self._texts(meaning):
                read = read_contacts(text, self.area_code)
                applicant.phones += [one for one in read.phones if one[0] not in [had[0] for had in applicant.phones]]
                for email in read.emails:
                    if not applicant.email:
                        applicant.email = email
                    elif email != applicant.email:
                        self.kept.append(f"Ещё эл. почта: {email}")
                if read.unread:
                    self._say(column, "Телефон или почта не распознаны: текст сохранён в описании ситуации.")
                    self.kept.append(f"{MEANINGS[meaning]} (из файла): {clean_line(read.unread, 300)}")

    def _statuses(self) -> list[str]:
        found: list[str] = ["многодетная"] if self.mapping.large else []
        for column, text in self._texts("statuses"):
            statuses, understood = read_statuses(text)
            for status in statuses:
                if status in HEALTH:
                    self._say(
                        column,
                        "Сведения о здоровье не загружены: внесите их в карточку после письменного согласия.",
                    )
                elif status not in found:
                    found.append(status)
            if not understood:
                self._say(column, "Статус не понят: текст сохранён в описании ситуации.")
                self.kept.append(f"Статус (из файла): {clean_line(text, 300)}")
        return found


def _draft(member: composition.Member) -> PersonDraft:
    return PersonDraft(
        clean_line(member.surname),
        clean_line(member.name),
        clean_line(member.patronymic),
        member.relation,
        member.birth_date,
    )


def _same_person(one: PersonDraft, other: PersonDraft) -> bool:
    if one.birth_date and other.birth_date and one.birth_date != other.birth_date:
        return False
    words, others = set(one.key.split()), set(other.key.split())
    return words <= others or others <= words
