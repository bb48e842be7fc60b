"""What receptions, the waiting list and long support hold on a person."""

from crm.appointments.tables import Appointment, SupportNeed, WaitingWish
from crm.consents.grounds import BOOKED_GROUND, GONE, JOURNAL_GROUND
from crm.consents.holdings import Holding, of_either, of_entries

APPOINTMENT = Holding(
    Appointment,
    "Записи на приём",
    of_either(Appointment.person_id, Appointment.family_id),
    {
        "starts_at": "Когда",
        "ends_at": "До",
        "room": "Кабинет",
        "applicant_name": "Кто записан",
        "topic": "Тема",
        "state_reason": "Причина отмены или переноса",
        "booked_at": "Записано",
    },
    {"applicant_name": GONE, "topic": "", "state_reason": ""},
    kept=BOOKED_GROUND,
    silent=(
        "mode",
        "state",
        "state_at",
        "cancelled_by",
        "remote_explained",
        "long_support",
        "form_key",
        "version",
    ),
)

WISH = Holding(
    WaitingWish,
    "Лист ожидания приёма",
    of_either(WaitingWish.person_id, WaitingWish.family_id),
    {
        "entered_at": "Внесено",
        "applicant_name": "Кто ждёт",
        "profession": "К какому специалисту",
        "topic": "Тема",
        "state_reason": "Почему снято",
    },
    {"applicant_name": GONE, "topic": "", "state_reason": ""},
    kept=BOOKED_GROUND,
    silent=("weekdays", "starts", "ends", "mode", "state", "state_at", "form_key"),
)

SUPPORT = Holding(
    SupportNeed,
    "Длительное сопровождение",
    of_entries(SupportNeed.entry_id),
    {"raised_at": "Отмечено", "withdrawn_at": "Снято", "withdrawn_reason": "Почему снято"},
    kept=JOURNAL_GROUND,
)
