"""S-6: what a person says to a family of whom somebody else told us, with the names filled in (domain.md §9.2)."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Script:
    """In the order in which it is said. `asked_who` answers «кто сообщил»."""

    hello: str
    matter: str
    question: str
    helps: str
    asked_who: str
    rights: str
    bye: str


def script(*, employee: str, service: str, institution: str, person: str, number: str) -> Script:
    """`employee`: full name; `person`: «Мария Ивановна», '' if nobody's name is known; `number`: ours, for people."""
    later = f"вы всегда можете позвонить: {number}" if number else "вы всегда можете нам позвонить"
    return Script(
        hello=f"Здравствуйте! Меня зовут {employee}, я специалист службы «{service}», {institution}."
        + (f" Могу я поговорить с абонентом: {person}?" if person else " Могу я поговорить с мамой или папой?"),
        matter="К нам поступила информация, что вашей семье может понадобиться помощь. Мы не проверяем вас и не"
        " принимаем решений по телефону — хотим узнать, нужна ли поддержка и какая.",
        question="Скажите, пожалуйста, как обстоят дела?",
        helps="Если помощь нужна, я расскажу порядок и запишу вас на удобное время; при необходимости специалист"
        " приедет домой.",
        asked_who="К сожалению, сведения об обратившемся я сообщить не могу.",
        rights=f"Сведения о вашей семье обрабатывает {institution}, только чтобы предложить помощь. Вы можете узнать,"
        " какие сведения у нас есть, исправить их или попросить удалить.",
        bye=f"Если сейчас помощь не требуется, {later}. До свидания!",
    )
