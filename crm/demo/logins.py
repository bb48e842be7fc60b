"""The demo's accounts, as the start screen prints them. They exist in demo mode only (reliability.md S11)."""

from dataclasses import dataclass

from crm.demo.staff import EMPLOYEES


@dataclass(frozen=True)
class DemoLogin:
    """One account that a visitor of the demo may use."""

    login: str
    password: str
    full_name: str
    role: str
    extension: str

    @property
    def title(self) -> str:
        """«Лаврова Нина Аркадьевна, диспетчер, вн. 101»."""
        inner = f", вн. {self.extension}" if self.extension else ""
        return f"{self.full_name}, {self.role}{inner}"


def password_of(login: str) -> str:
    """Return the demo password: fixed, so that it can be printed, and known to everybody, so never for live data."""
    return f"demo-{login}-2026"


def logins() -> list[DemoLogin]:
    """Return all accounts in the order of the staff list."""
    return [
        DemoLogin(one.login, password_of(one.login), one.full_name, one.position, one.extension) for one in EMPLOYEES
    ]
