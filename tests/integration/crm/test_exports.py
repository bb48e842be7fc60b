"""Exports on both engines: what stands in them, for whom, and what becomes of them when something goes wrong."""

from __future__ import annotations

import errno
from datetime import timedelta
from pathlib import Path

import openpyxl
import pytest
from sqlalchemy import func, select

from crm.audit import AuditEvent
from crm.db import Database
from crm.errors import NotFound, RecordsError
from crm.family_tables import FamilyStatus
from crm.papers import exporting, forgetting, making, waiting
from crm.papers.tables import ExportedFile
from tests.support import papers
from tests.support.papers import NOON, add_rows, ask, cells, export, person, restrict

JOURNAL = (
    "№ п/п",
    "ФИО заявителя",
    "Краткая информация о семье",
    "Способ обращения (по телефону, на личном приеме, на электронный адрес, информация от третьего лица)",
    "Содержание обращения",
    "Принятые меры",
    "Конечный результат",
    "Оценка работы специалиста заявителем по десятибалльной шкале",
)
REGISTRY = (
    "№ п/п",
    "Состав семьи",
    "Адрес проживания",
    "Контактные данные (телефон, эл. почта)",
    "Краткая информация о семье",
)
PROCEDURE = Path(__file__).parents[2] / "fixtures" / "procedure_tables.txt"
"""The heads of the two tables, copied from the procedure's text."""


@pytest.fixture
def office(town: Database) -> Database:
    """The demo's town with an empty journal."""
    with town.transaction() as session:
        papers.empty_journal(session)
    return town


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return exporting.folder_of(tmp_path)


def test_the_journal_has_the_eight_columns_of_the_procedure(office: Database, folder: Path) -> None:
    with office.transaction() as session:
        add_rows(
            session, 1, measures="12.11.2026. Разъяснён порядок", final_result="Пособие назначено", rating_mark="10"
        )
    lines = cells(folder, export(office, folder, "roshchina"))
    assert lines[0] == ("Журнал учёта обращений в Семейную диспетчерскую",)
    assert lines[3] == JOURNAL
    assert lines[4] == tuple("12345678")
    assert lines[5] == (
        "1",
        "Иванова Анна Ивановна",
        "Ивановы, 3 детей",
        "по телефону",
        "12.11.2026 12:01. Вопрос 1",
        "12.11.2026. Разъяснён порядок",
        "Пособие назначено",
        "10",
    )


def test_the_registry_has_the_five_columns_of_the_procedure(office: Database, folder: Path) -> None:
    lines = cells(folder, export(office, folder, "gromova", "registry"))
    assert lines[2] == REGISTRY
    assert lines[3] == tuple("12345")
    names = [line[1].split()[0] for line in lines[4:]]
    assert [line[0] for line in lines[4:]] == [str(number + 1) for number in range(len(names))]
    assert "Кузнецова" in names
    family = next(line for line in lines[4:] if line[1].startswith("Кузнецова Елена"))
    assert "Кузнецова Вера Викторовна, 30.08.2019 г. р. — дочь" in family[1]
    assert "+7 907 000-01-01 (Елена, мать)" in family[3]
    assert family[4].startswith("детей: 3; многодетная")


def test_every_cell_is_text_and_the_sheet_is_protected(office: Database, folder: Path) -> None:
    with office.transaction() as session:
        add_rows(session, 1, applicant_name="=1+1", substance="@SUM(A1)", measures="-1", final_result="+1")
    made = export(office, folder, "roshchina")
    page = openpyxl.load_workbook(folder / made.stored_as).active
    assert page.protection.sheet
    kinds = {cell.data_type for line in page.iter_rows(min_row=4, max_row=6) for cell in line if cell.value}
    assert kinds == {"s"}
    assert page["B6"].value == "=1+1"


def test_a_second_export_of_the_same_data_has_the_same_cells(office: Database, folder: Path) -> None:
    with office.transaction() as session:
        add_rows(session, 7)
    first = export(office, folder, "roshchina")
    later = NOON + timedelta(days=1)
    again = export(office, folder, "chernykh", at=later)
    assert cells(folder, first) == cells(folder, again)
    assert first.content_sha256 == again.content_sha256
    assert first.sha256 != again.sha256, "it says its own number and who asked"
    with office.transaction() as session:
        add_rows(session, 1)
    assert export(office, folder, "roshchina", at=later).content_sha256 != first.content_sha256


def test_annulled_rows_stay_struck_through_with_the_reason(office: Database, folder: Path) -> None:
    with office.transaction() as session:
        annulled = {"progress": "annulled", "annulled_at": NOON, "annul_reason": "записано дважды"}
        add_rows(session, 1)
        add_rows(session, 1, **annulled)
    made = export(office, folder, "roshchina")
    page = openpyxl.load_workbook(folder / made.stored_as).active
    assert [page["A6"].value, page["A7"].value] == ["1", "2"]
    assert (page["E6"].font.strike or False, page["E7"].font.strike) == (False, True)
    assert "записано дважды" in " ".join(str(cell.value) for cell in page[7])


def test_days_and_filters_choose_the_rows_and_the_file_says_so(office: Database, folder: Path) -> None:
    with office.transaction() as session:
        add_rows(session, 2, occurred_at=NOON - timedelta(days=30))
        add_rows(session, 3, topic="документы")
    whole = cells(folder, export(office, folder, "roshchina"))
    some = cells(folder, export(office, folder, "roshchina", since="2026-11-01", until="2026-11-30"))
    few = cells(folder, export(office, folder, "roshchina", topic="документы", since="2026-11-12"))
    assert [len(whole), len(some), len(few)] == [5 + 5, 5 + 3, 5 + 3]
    assert whole[2] == ("За всё время",)
    assert some[2] == ("За период с 01.11.2026 по 30.11.2026",)
    assert few[2] == ("За период с 12.11.2026; не все записи: есть отбор",)


def test_a_restricted_family_is_a_bare_number_in_the_journal_of_those_who_may_not_see_it(
    office: Database, folder: Path
) -> None:
    with office.transaction() as session:
        family = restrict(session)
        add_rows(session, 1, family_id=family.id, applicant_name="Захарова Юлия", measures="Визит", rating_mark="9")
        add_rows(session, 1)
    head = cells(folder, export(office, folder, "roshchina"))
    assert head[5][1] == "Захарова Юлия"
    other = cells(folder, export(office, folder, "zayac"))
    assert [line[0] for line in other[5:]] == ["1", "2"]
    assert "Захарова" not in str(other)
    assert other[5][1] == other[5][4] == "сведения ограничены"


def test_a_restricted_family_is_not_in_the_registry_of_those_who_may_not_see_it(office: Database, folder: Path) -> None:
    before = cells(folder, export(office, folder, "gromova", "registry"))
    with office.transaction() as session:
        restrict(session, "Кузнецовы")
    coordinator = cells(folder, export(office, folder, "gromova", "registry", at=NOON + timedelta(minutes=1)))
    director = cells(folder, export(office, folder, "chernykh", "registry"))
    assert "Кузнецова" not in str(coordinator)
    assert "Кузнецова" in str(director)
    assert len(coordinator) == len(before) - 1
    assert [line[0] for line in coordinator[4:]] == [str(number + 1) for number in range(len(coordinator) - 4)]


def test_a_revoked_status_and_a_card_out_of_use_are_not_in_the_registry(office: Database, folder: Path) -> None:
    before = len(cells(folder, export(office, folder, "gromova", "registry")))
    with office.transaction() as session:
        kuznetsovy, zaharovy = restrict(session, "Кузнецовы"), restrict(session, "Захаровы")
        kuznetsovy.restricted = zaharovy.restricted = False
        zaharovy.state = "merged"
        for status in kuznetsovy.statuses:
            status.revoked_at = NOON
    after = cells(folder, export(office, folder, "gromova", "registry", at=NOON + timedelta(minutes=1)))
    assert len(after) == before - 2
    assert "Кузнецова" not in str(after)


def test_the_registry_says_nothing_that_is_special_by_law(office: Database, folder: Path) -> None:
    with office.transaction() as session:
        family = restrict(session, "Кузнецовы")
        family.restricted = False
        for kind in ("СОП", "ребёнок-инвалид", "семья участника СВО", "малоимущая"):
            session.add(FamilyStatus(family_id=family.id, type=kind, basis="документ"))
    lines = cells(folder, export(office, folder, "gromova", "registry"))[4:]
    line = next(line for line in lines if "Кузнецова" in line[1])
    assert "малоимущая" in line[4]
    for word in ("СОП", "инвалид", "СВО"):
        assert word not in line[4]


@pytest.mark.parametrize(
    ("login", "kind"),
    [
        ("lavrova", "registry"),
        ("lavrova", "efficiency"),
        ("smirnova", "journal"),
        ("smirnova", "registry"),
        ("kim", "journal"),
        ("kim", "registry"),
        ("roshchina", "everything"),
    ],
)
def test_who_may_not_have_a_file_is_told_that_there_is_none(office: Database, login: str, kind: str) -> None:
    with pytest.raises(NotFound), office.transaction() as session:
        exporting.ask(session, kind, {"service_id": 1}, person(session, login), NOON)
    with office.reading() as session:
        assert session.scalar(select(func.count()).select_from(ExportedFile)) == 0


@pytest.mark.parametrize("service_id", [2, -1, 0, 2**63, None, "1", [1], {}])
def test_a_dispatcher_exports_her_own_service_only(office: Database, service_id: object) -> None:
    with pytest.raises(NotFound), office.transaction() as session:
        exporting.ask(session, "journal", {"service_id": service_id}, person(session, "lavrova"), NOON)


@pytest.mark.parametrize("filters", [{"since": "вчера"}, {"until": 5}, {"since": "2026-13-01"}])
def test_what_is_no_filter_is_refused(office: Database, filters: dict[str, object]) -> None:
    with pytest.raises(RecordsError), office.transaction() as session:
        exporting.ask(session, "journal", {"service_id": 1, **filters}, person(session, "lavrova"), NOON)


def test_the_rows_are_those_that_the_asker_may_see_when_the_file_is_made(office: Database, folder: Path) -> None:
    export_id = ask(office, "gromova", "registry")
    with office.transaction() as session:
        restrict(session, "Кузнецовы")
    exporting.make(office, export_id, folder, NOON)
    assert "Кузнецова" not in str(cells(folder, papers.row(office, export_id)))
    export_id = ask(office, "gromova", "registry", at=NOON + timedelta(hours=1))
    with office.transaction() as session:
        person(session, "gromova").active = False
    exporting.make(office, export_id, folder, NOON)
    assert papers.row(office, export_id).state == "failed"


def test_words_searched_by_are_wiped_when_the_file_is_made(office: Database, folder: Path) -> None:
    export_id = ask(office, "roshchina", text="Иванова")
    asked = papers.row(office, export_id)
    assert (asked.words, asked.filters) == ("Иванова", {"service_id": 1})
    exporting.make(office, export_id, folder, NOON)
    made = papers.row(office, export_id)
    assert (made.state, made.words) == ("ready", "")
    assert cells(folder, made)[2] == ("За всё время; не все записи: есть отбор",)
    with office.reading() as session:
        assert not [event for event in session.scalars(select(AuditEvent)) if "Иванова" in event.details]


def test_asking_twice_is_one_export(office: Database, folder: Path) -> None:
    first = ask(office, "roshchina", since="2026-11-01")
    assert ask(office, "roshchina", since="2026-11-01", at=NOON + timedelta(minutes=5)) == first
    assert ask(office, "chernykh", since="2026-11-01") != first
    assert ask(office, "roshchina") != first
    exporting.make(office, first, folder, NOON)
    assert ask(office, "roshchina", since="2026-11-01", at=NOON + timedelta(seconds=5)) == first
    assert ask(office, "roshchina", since="2026-11-01", at=NOON + timedelta(minutes=1)) != first


def test_asking_making_and_fetching_are_in_the_audit_log(office: Database, folder: Path) -> None:
    made = export(office, folder, "roshchina")
    with office.transaction() as session:
        exporting.downloaded(session, made.id, person(session, "chernykh"), NOON, ip="10.0.0.1")
    with office.reading() as session:
        events = session.scalars(select(AuditEvent).where(AuditEvent.action.like("export.%")).order_by(AuditEvent.seq))
        said = [(event.action, event.subject_id, event.actor_name) for event in events]
    assert said == [
        ("export.ask", str(made.id), "Рощина В. П."),
        ("export.make", str(made.id), "Рощина В. П."),
        ("export.download", str(made.id), "Черных О. Н."),
    ]


def test_others_exports_are_there_for_the_head_and_the_director_only(office: Database, folder: Path) -> None:
    made = export(office, folder, "lavrova")
    with office.transaction() as session:
        assert exporting.downloaded(session, made.id, person(session, "roshchina"), NOON).id == made.id
        assert [one.id for one in exporting.recent(session, person(session, "chernykh"))] == [made.id]
        assert not exporting.recent(session, person(session, "zayac"))
        for login in ("zayac", "gromova"):
            with pytest.raises(NotFound):
                exporting.downloaded(session, made.id, person(session, login), NOON)
        for number in (-1, 0, 2**63, made.id + 1):
            with pytest.raises(NotFound):
                exporting.fetch_export(session, number, person(session, "roshchina"))


def test_a_killed_maker_is_followed_by_another_three_times_at_most(
    office: Database, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Killed(BaseException):
        pass

    def die(*_: object, **__: object) -> None:
        raise Killed

    export_id = ask(office, "roshchina")
    with monkeypatch.context() as killing:
        killing.setattr(making, "write_workbook", die)
        with pytest.raises(Killed):
            exporting.make(office, export_id, folder, NOON)
        assert papers.row(office, export_id).state == "making"
        with office.reading() as session:
            assert list(exporting.waiting(session)) == [export_id]
            assert waiting.anything_waits(session)
        for _ in range(2):
            with pytest.raises(Killed):
                exporting.make(office, export_id, folder, NOON)
        exporting.make(office, export_id, folder, NOON)
    given_up = papers.row(office, export_id)
    assert given_up.state == "failed"
    assert "за три попытки" in given_up.error
    with office.reading() as session:
        assert not waiting.anything_waits(session)
    assert not list(folder.iterdir()), "no half-made part is left behind"


@pytest.mark.parametrize(
    ("error", "said"),
    [(errno.ENOSPC, "нет места"), (errno.EACCES, "папка выгрузок недоступна"), (errno.ENOENT, "недоступна")],
)
def test_a_full_disk_or_a_closed_folder_is_a_sentence(
    office: Database, folder: Path, monkeypatch: pytest.MonkeyPatch, error: int, said: str
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise OSError(error, "no")

    monkeypatch.setattr(making, "write_workbook", refuse)
    failed = export(office, folder, "roshchina")
    assert failed.state == "failed"
    assert said in failed.error


def test_a_folder_that_is_gone_is_a_sentence(office: Database, tmp_path: Path) -> None:
    failed = export(office, tmp_path / "gone", "roshchina")
    assert failed.state == "failed"
    assert "недоступна" in failed.error


def test_an_error_of_ours_is_a_sentence_and_stops_nobody_else(
    office: Database, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as broken:
        broken.setattr(making, "write_workbook", lambda *_, **__: 1 // 0)
        assert "скажите администратору" in export(office, folder, "roshchina").error
    assert export(office, folder, "roshchina", at=NOON + timedelta(hours=1)).state == "ready"


def test_progress_is_told_while_the_file_is_made(
    office: Database, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[tuple[int, int]] = []
    write = making.write_workbook

    def watched(*arguments: object, on_progress: object, **rest: object) -> object:
        on_progress(making.TELL_EVERY)  # type: ignore[operator]
        row = papers.row(office, export_id)
        seen.append((row.done_rows, row.total_rows))
        return write(*arguments, **rest)  # type: ignore[arg-type]

    with office.transaction() as session:
        add_rows(session, 3)
    monkeypatch.setattr(making, "write_workbook", watched)
    export_id = ask(office, "roshchina")
    exporting.make(office, export_id, folder, NOON)
    assert seen == [(making.TELL_EVERY, 3)]
    assert papers.row(office, export_id).done_rows == 3


def test_files_are_removed_after_a_week_and_their_rows_stay(office: Database, folder: Path) -> None:
    old = export(office, folder, "roshchina")
    young = export(office, folder, "roshchina", at=NOON + timedelta(days=6))
    forgetting.forget_old(office, folder, NOON + timedelta(days=7, minutes=1))
    forgetting.forget_old(office, folder, NOON + timedelta(days=7, minutes=2))
    old, young = papers.row(office, old.id), papers.row(office, young.id)
    assert (old.state, old.stored_as, old.removed_at) == ("ready", "", NOON + timedelta(days=7, minutes=1))
    assert old.sha256
    assert [path.name for path in folder.iterdir()] == [young.stored_as]
    with pytest.raises(NotFound), office.transaction() as session:
        exporting.downloaded(session, old.id, person(session, "roshchina"), NOON)


def test_a_file_that_no_row_names_is_swept_after_a_day(office: Database, folder: Path) -> None:
    (folder / "left.xlsx").write_bytes(b"by a killed maker")
    now = NOON.now(NOON.tzinfo)
    forgetting.forget_old(office, folder, now)
    assert (folder / "left.xlsx").exists()
    forgetting.forget_old(office, folder, now + timedelta(days=2))
    assert not (folder / "left.xlsx").exists()


def test_the_headings_are_those_of_the_procedures_text() -> None:
    text = "\t".join(REGISTRY) + "\n1\t2\t3\t4\t5\n", "\t".join(JOURNAL) + "\n1\t2\t3\t4\t5\t6\t7\t8\n"
    said = PROCEDURE.read_text(encoding="utf-8")
    assert all(part in said for part in text)
