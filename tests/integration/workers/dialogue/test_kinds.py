"""The runner with a survey and with a message: whose dialogue it is, what its story may tell, a key passed over."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from callflow.dialogues import information, survey
from callflow.dialogues.steps import Ask, Key, Silence
from crm.campaigns.tables import PLANNED, RUNNING, Campaign, CampaignTarget, CampaignText
from crm.db import Database
from crm.dialler import following
from crm.dialler.tables import CAMPAIGN, RATING, DialAttempt, DialEvent, DialSubject, DialTask
from crm.journal_tables import JournalEntry
from telephony.agi import Played
from tests.integration.crm.booking import of_family
from tests.integration.crm.rated_calls import calling, solved
from workers.dialogue import handler
from workers.dialogue.handler import Dialogue
from workers.dialogue.kinds import KINDS
from workers.dialogue.line import Line
from workers.dialogue.prompts import Sound

MS = 1000


class Channel:
    """A channel on which keys are pressed one after another as they are asked for: «1» cuts the words short, «-» is
    silence, «>» words heard to their end, «x» a telephone put down."""

    def __init__(self, attempt_id: str, keys: str) -> None:
        self.parameters = {"att": attempt_id}
        self.said: list[str] = []
        self._keys = iter(keys)

    def command(self, *_: object) -> None:
        pass

    def set_variable(self, *_: object) -> None:
        pass

    def play(self, filename: str, escape_digits: str = "", _sample_offset: int = 0) -> Played:
        self.said.append(Path(filename).name)
        asked = self.said[-1] in ("who", "info", "info_keys", "survey_ask") or self.said[-1].startswith("echo")
        if not asked or not escape_digits:
            return Played("", 8 * MS, hung_up=False)
        key = next(self._keys, "x")
        if key == "x":
            return Played("", 4000, hung_up=True)
        return Played(key if key in escape_digits else "", 8 * MS, hung_up=False)

    def wait_for_digit(self, _milliseconds: int = 0) -> str:
        key = next(self._keys, "-")
        return "" if key == "-" else key


@pytest.fixture
def dialogue(dialogue: Dialogue, monkeypatch: pytest.MonkeyPatch) -> Dialogue:
    """On a machine that does much else nothing here is given up for being slow."""
    monkeypatch.setattr(handler, "START_SECONDS", 60.0)
    monkeypatch.setattr(handler, "END_SECONDS", 60.0)
    dialogue._patience.seconds = 60
    return dialogue


def on_the_line(database: Database, folder: Path, kind: str) -> tuple[str, int]:
    """An attempt of this kind, whose prompts are files named as their pieces; the id of what it is about."""
    at = datetime.now(UTC)
    with database.transaction() as session:
        about = solved(session, at - timedelta(days=1)) if kind == RATING else _target(session, at)
        task = DialTask(
            kind=kind, service_id=1, family_id=about.family_id, number="+79070000101", channel="robot", state="due",
            state_at=at, due_at=at, deadline=at + timedelta(days=2), planned_at=at,
        )  # fmt: skip
        session.add(task)
        session.flush()
        of = {"entry_id": about.id} if kind == RATING else {"target_id": about.id}
        session.add(DialSubject(task_id=task.id, occasion=kind, **of))
        attempt = calling(session, task, at)
        attempt.kind = kind
        pieces = survey.PIECES if kind == RATING else information.PIECES
        attempt.prompts = {name: {"file": str(folder / f"{name}.wav"), "sha256": "", "ms": MS} for name in pieces}
        return attempt.id, about.id


def _target(session, at):
    campaign = Campaign(
        service_id=1, title="Участки", kind="free", starts_on=at.date(), ends_on=at.date() + timedelta(days=9),
        state=RUNNING, state_at=at, created_at=at,
    )  # fmt: skip
    session.add(campaign)
    session.flush()
    family = of_family(session, 1)
    session.add(CampaignText(campaign_id=campaign.id, version=1, text="Есть новая мера.", created_at=at))
    target = CampaignTarget(
        campaign_id=campaign.id, family_id=family.id, counted_as=family.id, state=PLANNED, state_at=at, added_at=at
    )
    session.add(target)
    session.flush()
    return target


def story(database: Database, attempt_id: str) -> list[tuple[str, str]]:
    with database.reading() as session:
        rows = select(DialEvent).where(DialEvent.attempt_id == attempt_id).order_by(DialEvent.id)
        return [(row.what, row.detail) for row in session.scalars(rows)]


def mark(database: Database, entry_id: int) -> tuple[str, str]:
    with database.reading() as session:
        entry = session.get_one(JournalEntry, entry_id)
        return entry.progress, entry.rating_mark


def disposition(database: Database, attempt_id: str) -> str:
    with database.reading() as session:
        return session.get_one(DialAttempt, attempt_id).disposition


def outcome(database: Database, attempt_id: str) -> str:
    with database.reading() as session:
        task_id = session.get_one(DialAttempt, attempt_id).task_id
        return session.scalars(select(DialSubject.outcome).where(DialSubject.task_id == task_id)).one()


@pytest.mark.parametrize(
    ("keys", "column_8", "ends", "told"),
    [
        ("1101", "10", "delivered", "rated"),
        ("171", "7", "delivered", "rated"),
        ("1*", "отказ от оценки", "delivered", "not_rated"),
        ("17x", "", "hung_up", "nothing"),
        ("1------", "", "human", "wanted"),
        ("2", "", "wrong_person", "nothing"),
        ("9", "", "opted_out", "nothing"),
    ],
)
def test_a_survey(  # noqa: PLR0917 - fixtures and the row of the table
    database: Database, dialogue: Dialogue, tmp_path: Path, keys: str, column_8: str, ends: str, told: str
) -> None:
    attempt_id, entry_id = on_the_line(database, tmp_path, RATING)
    dialogue(Channel(attempt_id, keys))  # type: ignore[arg-type]
    assert mark(database, entry_id) == ("closed" if column_8 else "survey", column_8)
    assert (disposition(database, attempt_id), outcome(database, attempt_id)) == (ends, told)


def test_the_story_of_a_survey_tells_no_score(database: Database, dialogue: Dialogue, tmp_path: Path) -> None:
    attempt_id, _ = on_the_line(database, tmp_path, RATING)
    dialogue(Channel(attempt_id, "1101"))  # type: ignore[arg-type]
    lines = story(database, attempt_id)
    assert ("key 1", "who") in lines
    assert [detail for what, detail in lines if what == "key"] == ["survey_ask", "", "echo"]
    after = lines[lines.index(("identified", "")) + 1 :]
    assert not [one for one in after if any(figure in one[0] for figure in "0123456789")]
    assert not [one for one in after if "echo:" in one[1]]
    assert not [what for what, _ in lines if what == "played"], "the question alone is no rating"


@pytest.mark.parametrize(
    ("keys", "state", "ends"),
    [
        ("1>x", "told", "delivered"),
        ("1>--", "told", "delivered"),
        ("1>9", "told", "opted_out"),
        ("1>3", PLANNED, "human"),
        ("1>0", PLANNED, "human"),
        ("1x", PLANNED, "hung_up"),
        ("9", PLANNED, "opted_out"),
    ],
)
def test_a_message(  # noqa: PLR0917 - fixtures and the row of the table
    database: Database, dialogue: Dialogue, tmp_path: Path, keys: str, state: str, ends: str
) -> None:
    attempt_id, target_id = on_the_line(database, tmp_path, CAMPAIGN)
    dialogue(Channel(attempt_id, keys))  # type: ignore[arg-type]
    with database.reading() as session:
        assert session.get_one(CampaignTarget, target_id).state == state
    assert disposition(database, attempt_id) == ends
    played = [detail for what, detail in story(database, attempt_id) if what == "played"]
    assert bool(played) == (">" in keys)
    assert not [one for one in played if not one.startswith("info ")], "the message, not its keys"


def test_a_script_that_died_after_a_score_was_kept_is_settled_by_its_rows(
    database: Database, tmp_path: Path, dialogue: Dialogue, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The reconciler finds the line «rate»."""
    attempt_id, _ = on_the_line(database, tmp_path, RATING)
    monkeypatch.setattr(dialogue, "_settle", lambda *_: None)
    dialogue(Channel(attempt_id, "171"))  # type: ignore[arg-type]
    dialogue._notebook.flush()
    with database.transaction() as session:
        assert following.settle_heard(session, attempt_id, datetime.now(UTC), "sweep")
    assert disposition(database, attempt_id) == "delivered"


def test_every_kind_has_a_dialogue() -> None:
    assert set(KINDS) == {"reminder", "campaign", "rating"}


class Keys:
    """A channel without words, on which these keys are pressed at once."""

    def __init__(self, keys: str) -> None:
        self._keys = iter(keys)
        self.waited: list[int] = []

    def command(self, *_: object) -> None:
        pass

    def play(self, _filename: str, escape_digits: str = "", _sample_offset: int = 0) -> Played:
        key = next(self._keys, "")
        return Played(key if key in escape_digits else "", 8 * MS, hung_up=False)

    def wait_for_digit(self, milliseconds: int) -> str:
        self.waited.append(milliseconds)
        return next(self._keys, "")


@pytest.mark.parametrize(
    ("pressed", "heard"),
    [
        ("5", Key(1000, 1000, "5")),
        ("#5", Key(1000, 1000, "5")),
        ("##7", Key(1000, 1000, "7")),
        ("#", Silence(1000, 1000)),
        ("", Silence(1000, 1000)),
    ],
)
def test_a_key_that_is_passed_over_cuts_nothing_short_and_is_no_answer(pressed: str, heard: Key | Silence) -> None:
    line = Line.on(Keys(pressed), {"ask": Sound("/ask", MS)})  # type: ignore[arg-type]
    assert line.ask(Ask(("ask",), "123456789*", passed_over="#")) == heard


def test_a_question_without_words_only_waits() -> None:
    keys = Keys("0")
    assert Line.on(keys, {}).ask(Ask((), "0123456789*", 3.0)) == Key(0, 0, "0")  # type: ignore[arg-type]
    assert keys.waited == [3000]
