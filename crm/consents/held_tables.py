"""Every table that holds something about a person, and every one that refers to a person without saying anything.

A package declares its tables in its own `held.py`, as a `crm.consents.holdings.Holding`, and puts them on the paper
here; a table that only refers to somebody is named in `SAYS_NOTHING`. A test walks the whole metadata.
"""

from crm.appeals.held import CORRECTION, ENTRY, MEASURE
from crm.appointments.held import APPOINTMENT, SUPPORT, WISH
from crm.call_held import CALL
from crm.campaigns.held import TARGET
from crm.cards.held import CHANGES, CHOICE, FAMILY, HEALTH, NEED, PERSON, PHONE, RISK, STATUS
from crm.consents.held import ACT, CONSENT, REQUEST
from crm.dialler import held as dialler
from crm.lines.held import VOICE
from crm.measures.held import TOLD
from crm.missed.held import ATTEMPT, MISSED
from crm.outgoing.held import OUTGOING
from crm.ratings.held import RATING
from crm.recordings.held import RECORDING
from crm.specialists.held import CONSULTATION
from crm.tips import held as tips
from crm.transfers.held import TRANSFER

HOLDINGS = (
    PERSON,
    PHONE,
    FAMILY,
    STATUS,
    NEED,
    RISK,
    HEALTH,
    CONSENT,
    ENTRY,
    MEASURE,
    CONSULTATION,
    CORRECTION,
    RATING,
    CALL,
    RECORDING,
    VOICE,
    MISSED,
    ATTEMPT,
    OUTGOING,
    TRANSFER,
    APPOINTMENT,
    WISH,
    SUPPORT,
    TOLD,
    TARGET,
    tips.TIP,
    tips.REPORT,
    tips.ATTEMPT,
    tips.DUTY,
    dialler.TASK,
    dialler.SUBJECT,
    dialler.ATTEMPT,
    dialler.EVENT,
    dialler.REFUSAL,
    dialler.MARK,
    CHOICE,
    CHANGES,
    REQUEST,
    ACT,
)
"""In the order of the paper."""

SAYS_NOTHING = {
    "monitor_session": "кто из руководителей и когда слушал разговор оператора",
    "family_word": "слова карточки для поиска: то же, что в карточке; стираются вместе с нею",
    "entry_word": "слова журнала для поиска: то же, что в журнале; хранятся вместе с ним",
    "family_assignment": "кому из сотрудников поручена семья",
    "family_merge": "какие карточки объединены: номера записей; причина стирается при уничтожении",
    "not_duplicate": "какие карточки признаны разными: номера записей",
    "call_participant": "кто из сотрудников говорил по звонку",
    "missed_contact": "какие звонки вошли в строку «Перезвонить»: номера записей и время",
    "call_leg_record": "на каких аппаратах учреждения звонил звонок",
    "presence": "чем занят сотрудник",
    "wrap_up": "как долго оператор записывал звонок",
    "slot_hold": "какое время специалиста удерживалось и кем",
    "line_slot": "какой линией робота занят звонок",
    "call_finish": "чем оператор закончил обработку звонка",
    "tip_informant": "кто сообщил о семье: сведения о другом лице, семье не выдаются",
}
"""Tables that refer to a card, a person, a call or a journal row and add nothing about the person."""
