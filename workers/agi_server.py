"""The FastAGI process: answers the dialplan's one question about an inbound call, and later speaks the dialogues.

`python -m workers.agi_server`. The lookup runs in a side leg that the dialplan leaves after two seconds whatever
happens here (reliability.md M13), so this process may be slow, stopped or dead and phones still ring.
"""

from __future__ import annotations

import logging
import urllib.parse
from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy.orm import Session

from callflow.caller_id import parse_from_header
from callflow.events import CallArrived, CallerIdentified
from crm import calls, institution, staff
from crm.db import Database, open_database
from telephony import variables
from telephony.agi import AgiSession
from telephony.fastagi import FastAgiServer
from workers import process
from workers.derived_keys import agi_token
from workers.settings import ServiceSettings, load

INBOUND = "inbound"
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class OwnNumbers:
    """What a caller must not present as his own: our DIDs and extensions (B32)."""

    numbers: Collection[str]
    area_code: str | None

    @staticmethod
    def read(session: Session) -> OwnNumbers:
        return OwnNumbers(
            frozenset(institution.dids(session)) | frozenset(staff.extension_numbers(session)),
            institution.area_code(session),
        )


class InboundLookup:
    """Who is calling: parse the raw From header, write the call's row, let the dialplan go on."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def __call__(self, agi: AgiSession) -> None:
        """Handle one lookup leg; sets SD_OK so that the dialplan knows we live."""
        now = datetime.now(UTC)
        asked = {name: agi.get_variable(name) or "" for name in _ASKED}
        call, did = asked[variables.SD_CALL], asked[variables.SD_DID]
        with self._database.reading() as session:
            own = OwnNumbers.read(session)
        # Parsed before the transaction: SQLite has one writer, and callers who ring at once wait for each other here.
        caller = parse_from_header(
            urllib.parse.unquote(asked[variables.SD_FROM], errors="replace"),
            asserted=urllib.parse.unquote(asked[variables.SD_PAI], errors="replace") or None,
            own_numbers=own.numbers,
            area_code=own.area_code,
        )
        with self._database.transaction() as session:
            calls.record(session, CallArrived(call=call, at=now, did=did, channel=asked[variables.SD_CHAN]))
            calls.record(session, CallerIdentified(call=call, at=now, caller=caller, did=did))
        agi.set_variable(variables.SD_OK, "1")


_ASKED = (variables.SD_CALL, variables.SD_DID, variables.SD_CHAN, variables.SD_FROM, variables.SD_PAI)


def serve(settings: ServiceSettings, database: Database) -> FastAgiServer:
    """The server, bound and not yet running."""
    return FastAgiServer(
        settings.agi_address,
        token=agi_token(settings.key()),
        allowed_peers=settings.agi_peers,
        handlers={INBOUND: InboundLookup(database)},
    )


def main() -> None:
    """Run until SIGTERM."""
    process.start_logging()
    settings = load(ServiceSettings)
    stopping = process.stop_event()
    database = open_database(settings)
    server = serve(settings, database)
    server.start()
    process.beat_until(stopping, database, "agi")
    stopping.wait()
    server.stop()
    database.dispose()


if __name__ == "__main__":
    main()
