"""Callers of the bench: SIPp, each call from another family's number, with the time of each INVITE."""

from __future__ import annotations

from pathlib import Path
from typing import Self

from crm.demo import bulk
from telephony.config.plan import Address
from tests.support.sipp import Call, SippCaller

FROM = '"" <sip:[field0]@127.0.0.2>'


class Callers(SippCaller):
    """`count` calls at `rate` a second from the numbers of families `first`, `first + 1`, …"""

    def __init__(self, folder: Path, trunk: Address, call: Call, *, count: int, rate: float, first: int = 0) -> None:
        super().__init__(folder, trunk, call, count=count, rate=rate)
        self.numbers = [bulk.number_of(first + index) for index in range(count)]
        numbers = folder / "numbers.csv"
        numbers.write_text("\n".join(["SEQUENTIAL", *self.numbers, ""]))
        self._messages = folder / "messages.csv"
        self.command += ["-inf", str(numbers), "-trace_shortmsg", "-shortmessage_file", str(self._messages)]

    def __enter__(self) -> Self:
        super().__enter__()
        return self

    def invited(self) -> dict[str, float]:
        """When each number's first INVITE was sent, by SIPp's own log of messages: seconds of CLOCK_REALTIME."""
        times: dict[str, float] = {}
        for line in self._messages.read_text(errors="replace").splitlines():
            fields = line.split("\t")
            if len(fields) > 6 and fields[3] == "S" and fields[6].startswith("INVITE "):
                call_number = int(fields[4].partition("-")[0])
                times.setdefault(self.numbers[call_number - 1], float(fields[2]))
        return times

    def succeeded(self) -> int:
        """How many calls went as the scenario says, by SIPp's statistics."""
        head, *_, last = (self.folder / "stat.csv").read_text().splitlines()
        return int(dict(zip(head.split(";"), last.split(";"), strict=False))["SuccessfulCall(C)"])
