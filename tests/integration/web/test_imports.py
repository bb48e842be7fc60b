"""The pages of an import, and the door by which files come in (reliability.md B65, S28)."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import func, select

from crm.audit import AuditEvent
from crm.family_tables import ACTIVE, Family
from crm.papers import importing
from crm.papers.tables import ImportJob
from tests.integration.crm.conftest import NOON
from tests.support.registers import FLAT, invented, registry, workbook

BOUNDARY = "----boundary"
SAME = {"sec-fetch-site": "same-origin", "content-type": f"multipart/form-data; boundary={BOUNDARY}"}


def part(name: str, content: bytes, file_name: str | None = None, more: str = "") -> bytes:
    file = f'; filename="{file_name}"' if file_name is not None else ""
    head = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"{file}\r\n{more}\r\n'
    return head.encode() + content + b"\r\n"


def form(*parts: bytes, end: bytes = f"--{BOUNDARY}--\r\n".encode()) -> bytes:
    return b"".join(parts) + end


class Bringer:
    """A person with a browser who brings files."""

    def __init__(self, office, login: str = "roshchina") -> None:
        self.office = office
        self.browser = office.browser(login)
        self.folder: Path = importing.folder_of(office.desk.settings.data_dir)

    def send(self, body: bytes, path: str = "/imports", **headers: str):
        return self.browser.client.post(path, content=body, headers={**SAME, **headers})

    def bring(self, content: bytes, name: str = "реестр.xlsx"):
        return self.send(form(part("csrf", self.browser.csrf.encode()), part("file", content, name)))

    def files(self) -> list[Path]:
        return sorted(self.folder.glob("*")) if self.folder.exists() else []

    def jobs(self) -> list[ImportJob]:
        with self.office.desk.database.reading() as session:
            return list(session.scalars(select(ImportJob).order_by(ImportJob.id)))

    def work(self) -> None:
        """What the maker of papers does."""
        database = self.office.desk.database
        with database.reading() as session:
            waiting = importing.waiting(session)
        for job_id in waiting:
            importing.work(database, job_id, self.folder, NOON)

    def families(self) -> int:
        with self.office.desk.database.reading() as session:
            return session.scalar(select(func.count()).select_from(Family).where(Family.state == ACTIVE))


@pytest.fixture
def head(office):
    return Bringer(office)


@pytest.fixture
def register(tmp_path):
    return registry(tmp_path / "register", invented(3)).read_bytes()


def test_from_the_file_to_the_families(head, register):
    before = head.families()
    answer = head.bring(register)
    assert answer.status_code == 303
    path = answer.headers["location"]
    waiting = head.browser.get(path).text
    assert "Файл читается" in waiting
    assert 'hx-trigger="every 1s"' in waiting
    head.work()
    ready = head.browser.get(path).text
    assert "ждёт решения" in ready
    assert "с. Заречное, ул. Лесная, д. 1" in ready
    assert "+7 943 000-00-00" in ready
    assert head.families() == before
    assert head.browser.post(f"{path}/confirm", similar="skip").status_code == 303
    assert head.browser.post(f"{path}/confirm", similar="skip").status_code == 303
    head.work()
    assert "Заведено 3 новые карточки" in head.browser.get(path).text
    assert head.families() == before + 3
    assert head.files() == []


def test_the_same_file_again_says_when_and_by_whom(head, register):
    head.bring(register)
    head.work()
    again = head.bring(register)
    assert again.status_code == 409
    assert "Этот же файл уже принят" in again.text
    assert "Рощина" in again.text
    assert len(head.jobs()) == 1
    assert len([path for path in head.files() if path.suffix != ".rows"]) == 1


def test_the_columns_can_be_named_by_hand(head, tmp_path):
    content = workbook(tmp_path / "x", [("Кто", "Где"), ("Ковалёва Анна", "с. Заречное")]).read_bytes()
    path = head.bring(content).headers["location"]
    head.work()
    assert "Укажите, в каком столбце имена" in head.browser.get(path).text
    wrong = head.browser.post(f"{path}/mapping", **{"column-0": "address", "column-1": "skip", "first_row": "2"})
    assert wrong.status_code == 422
    assert "в каком столбце имена" in wrong.text
    assert head.browser.post(f"{path}/mapping", **{"column-0": "no such"}).status_code == 422
    fields = {"column-0": "full_name", "column-1": "address", "header_row": "1", "first_row": "2", "large": "yes"}
    assert head.browser.post(f"{path}/mapping", **fields).status_code == 303
    head.work()
    page = head.browser.get(path).text
    assert "Ковалёва Анна" in page
    assert "многодетная" in page


def test_errors_are_listed_with_row_column_and_what_stands_there(head, tmp_path):
    rows = [FLAT, *[("", "", "", "", f"дом {number}", "", "", "") for number in range(60)]]
    path = head.bring(workbook(tmp_path / "x", rows).read_bytes()).headers["location"]
    head.work()
    first, second = head.browser.get(path).text, head.browser.get(f"{path}?errors=2").text
    assert "страница 1 из 2" in first
    assert "страница 2 из 2" in second
    assert "A · ФИО" in first
    assert "не войдёт" in first
    assert head.browser.get(f"{path}?errors=99999999999999999999").status_code in (200, 404)
    assert head.browser.post(f"{path}/confirm", similar="skip").status_code == 422


def test_giving_up_removes_the_file(head, register):
    path = head.bring(register).headers["location"]
    head.work()
    assert head.browser.post(f"{path}/cancel").status_code == 303
    assert head.files() == []
    assert "Отменено" in head.browser.get(path).text


def test_looking_at_the_families_of_a_file_is_written_down(head, register):
    path = head.bring(register).headers["location"]
    head.work()
    head.browser.get(path)
    with head.office.desk.database.reading() as session:
        actions = session.scalars(select(AuditEvent.action).where(AuditEvent.subject == "import_job")).all()
    assert actions == ["import.upload", "import.view"]


# who


@pytest.mark.parametrize("login", ["lavrova", "kim", "smirnova"])
def test_others_bring_nothing_and_see_nothing(office, head, register, login):
    path = head.bring(register).headers["location"]
    other = Bringer(office, login)
    files = head.files()
    assert other.bring(b"x").status_code == 403
    assert other.browser.get("/imports").status_code == 403
    assert other.browser.get(path).status_code == 403
    assert head.files() == files


def test_the_director_looks_but_does_not_load(office, head, register):
    path = head.bring(register).headers["location"]
    head.work()
    director = Bringer(office, "chernykh")
    assert "Загрузить" not in director.browser.get(path).text.split('id="import-state"')[1].split("</section>")[0]
    assert director.browser.post(f"{path}/confirm").status_code == 403
    assert director.bring(register).status_code == 403


def test_a_coordinator_sees_only_what_she_brought(office, head, register):
    path = head.bring(register).headers["location"]
    coordinator = Bringer(office, "gromova")
    assert coordinator.browser.get(path).status_code == 404
    for action in ("confirm", "mapping", "cancel"):
        assert coordinator.browser.post(f"{path}/{action}").status_code == 404
    assert "реестр.xlsx" not in coordinator.browser.get("/imports").text


@pytest.mark.parametrize("job_id", ["0", "-1", "999999", str(2**63), "x"])
def test_b61_numbers_that_are_no_import(head, job_id):
    assert head.browser.get(f"/imports/{job_id}").status_code == 404
    assert head.browser.post(f"/imports/{job_id}/confirm").status_code == 404


# the door


def test_nothing_is_kept_before_the_token_is_known(head, register):
    for body in (
        form(part("csrf", b"0" * 32), part("file", register, "x.xlsx")),
        form(part("file", register, "x.xlsx"), part("csrf", head.browser.csrf.encode())),
        form(part("file", register, "x.xlsx")),
    ):
        assert head.send(body).status_code == 403
    assert head.files() == []
    assert head.jobs() == []


def test_the_token_may_come_as_a_header(head, register):
    body = form(part("file", register, "x.xlsx"))
    assert head.send(body, **{"x-csrf-token": head.browser.csrf}).status_code == 303


def test_without_a_session_nothing_is_kept(office, head, register):
    stranger = office.browser()
    body = form(part("csrf", head.browser.csrf.encode()), part("file", register, "x.xlsx"))
    assert stranger.client.post("/imports", content=body, headers=SAME).status_code == 401
    assert head.files() == []


@pytest.mark.parametrize("path", ["/families", "/journal", "/login", "/imports/1/confirm", "/imports/"])
def test_files_are_taken_at_named_addresses_only(head, register, path):
    body = form(part("csrf", head.browser.csrf.encode()), part("file", register, "x.xlsx"))
    assert head.send(body, path).status_code in (404, 415)
    assert head.files() == []


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
def test_b58_a_form_from_elsewhere_brings_nothing(head, register, site):
    body = form(part("csrf", head.browser.csrf.encode()), part("file", register, "x.xlsx"))
    assert head.send(body, **{"sec-fetch-site": site}).status_code == 403


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("no boundary", None),
        ("broken boundary", b"--other\r\n\r\nx"),
        ("no end", form(part("csrf", b"{csrf}"), part("file", b"x" * 500, "x.csv"), end=b"")),
        ("cut in the middle of the file", form(part("csrf", b"{csrf}"), part("file", b"x" * 500, "x.csv"))[:-200]),
        ("100,000 parts", form(part("csrf", b"{csrf}"), *[part("a", b"x")] * 100_000)),
        ("giant header", form(part("csrf", b"{csrf}"), part("file", b"x", "x.csv", "X-A: " + "y" * 100_000 + "\r\n"))),
        ("many headers", form(part("csrf", b"{csrf}"), part("file", b"x", "x.csv", "X-A: y\r\n" * 500))),
        ("giant field", form(part("csrf", b"{csrf}"), part("note", b"x" * 200_000), part("file", b"x", "x.csv"))),
        ("two files", form(part("csrf", b"{csrf}"), part("file", b"x", "x.csv"), part("file", b"x", "y.csv"))),
        ("a field after the file", form(part("csrf", b"{csrf}"), part("file", b"x", "x.csv"), part("a", b"x"))),
        ("NUL in a field", form(part("csrf", b"{csrf}"), part("a", b"x\0"), part("file", b"x", "x.csv"))),
        ("not UTF-8", form(part("csrf", b"{csrf}"), part("a", b"\xff"), part("file", b"x", "x.csv"))),
        ("no name", form(part("csrf", b"{csrf}")).replace(b'name="csrf"', b'nome="csrf"')),
        ("nothing", b""),
    ],
)
def test_b65_what_no_browser_sends_is_refused_and_nothing_is_kept(head, kind, body):
    headers = {"content-type": "multipart/form-data"} if body is None else {}
    sent = (body or b"x").replace(b"{csrf}", head.browser.csrf.encode())
    answer = head.send(sent, **headers)
    assert 400 <= answer.status_code < 500, kind
    assert "Traceback" not in answer.text
    assert head.files() == []
    assert head.jobs() == []


@pytest.mark.parametrize(
    ("parts", "words"),
    [((), "Выберите файл"), ((part("file", b"", ""),), "Выберите файл"), ((part("file", b"", "x.csv"),), "Файл пуст")],
)
def test_a_forgotten_or_empty_file_is_said_beside_the_field(head, parts, words):
    answer = head.send(form(part("csrf", head.browser.csrf.encode()), *parts))
    assert answer.status_code == 422
    assert words in answer.text
    assert head.files() == []


def test_a_plain_form_without_a_file_is_answered_too(head):
    answer = head.browser.post("/imports")
    assert answer.status_code == 422
    assert "Выберите файл" in answer.text


def test_too_big_a_file_is_a_sentence_and_far_too_big_an_end(head):
    answer = head.bring(b"x" * (21 << 20))
    assert answer.status_code == 422
    assert "больше 20 МБ" in answer.text
    assert head.files() == []
    assert head.send(b"", **{"content-length": str(65 << 20)}).status_code == 413


@pytest.mark.parametrize(
    ("sent", "shown"),
    [
        ("../../../etc/passwd", "passwd"),
        ("C:\\\\Users\\\\x\\\\реестр.xlsx", "реестр.xlsx"),
        ("a\u202exslx.exe", "axslx.exe"),
        ("<script>.csv", "&lt;script&gt;.csv"),
        ("x" * 400 + ".csv", "x" * 120),
        ("..", "без названия"),
    ],
)
def test_a_files_name_is_only_shown_never_a_path(head, sent, shown):
    assert head.bring(b"name;phone\na;1\n", sent).status_code == 303
    assert [len(path.name) for path in head.files()] == [32]
    assert [path.stat().st_mode & 0o777 for path in head.files()] == [0o600]
    assert head.folder.stat().st_mode & 0o777 == 0o700
    assert shown in head.browser.get("/imports").text


def test_the_kind_is_told_by_the_bytes_not_by_the_name(head, register):
    path = head.bring(register, "фото.jpg").headers["location"]
    head.work()
    assert "ждёт решения" in head.browser.get(path).text
    path = head.bring(b"%PDF-1.7", "реестр.xlsx").headers["location"]
    head.work()
    assert "Файл не принят" in head.browser.get(path).text


def test_a_file_that_nobody_took_is_cleared_away(head, register):
    import os

    head.bring(register)
    left = head.folder / "0123.part"
    left.write_bytes(b"x")
    os.utime(left, (0, 0))
    head.bring(register + b" ")
    assert not left.exists()
