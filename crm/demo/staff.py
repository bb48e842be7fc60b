"""§10.1–10.2: the invented staff and specialists, their extensions and services."""

from dataclasses import dataclass

from crm.staff import Role


@dataclass(frozen=True)
class DemoEmployee:
    """One invented employee; `services` pairs a service's code with the queue penalty."""

    login: str
    full_name: str
    role: Role
    position: str
    extension: str = ""
    services: tuple[tuple[str, int], ...] = ()
    advises_on: str = ""
    room: str = ""


EMPLOYEES = (
    DemoEmployee("lavrova", "Лаврова Нина Аркадьевна", Role.DISPATCHER, "диспетчер", "101", (("A", 0),)),
    DemoEmployee("zayac", "Заяц Пётр Ильич", Role.DISPATCHER, "диспетчер, подменный", "102", (("A", 1), ("B", 2))),
    DemoEmployee("gromova", "Громова Алла Юрьевна", Role.COORDINATOR, "социальный координатор", "111", (("B", 0),)),
    DemoEmployee("roshchina", "Рощина Вера Павловна", Role.HEAD, "заведующий отделением", "121", (("A", 9), ("B", 9))),
    DemoEmployee("chernykh", "Черных Олег Никитич", Role.DIRECTOR, "директор", "131"),
    DemoEmployee("kim", "Ким Анна Сергеевна", Role.ADMINISTRATOR, "администратор информационной системы"),
    DemoEmployee(
        "smirnova",
        "Смирнова Ольга Петровна",
        Role.SPECIALIST,
        "юрист",
        "201",
        (("A", 9),),
        "семейное и социальное право, пособия, документы",
        "12",
    ),
    DemoEmployee(
        "durnovo",
        "Дурново Никита Юрьевич",
        Role.SPECIALIST,
        "психолог",
        "202",
        (("A", 9),),
        "отношения в семье, воспитание, кризисные состояния",
        "7",
    ),
    DemoEmployee(
        "vorobey",
        "Воробей Мария Олеговна",
        Role.SPECIALIST,
        "специалист по работе с семьёй",
        "203",
        (("A", 9),),
        "социальные услуги, сопровождение семьи, выезды",
        "3",
    ),
    DemoEmployee(
        "oganesyan",
        "Оганесян Армен Гагикович",
        Role.SPECIALIST,
        "логопед-дефектолог",
        "204",
        (("A", 9),),
        "речь и развитие ребёнка",
        "5",
    ),
)
