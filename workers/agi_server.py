"""The FastAGI process: answers the dialplan's one question about an inbound call, and later speaks the dialogues.

`python -m workers.agi_server`. The lookup runs in a side leg that the dialplan leaves after two seconds whatever
happens here (reliability.md M13), so this process may be slow, stopped or dead and phones still ring.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from urllib.parse import unquote

from callflow.caller_id import parse_from_header
from crm import heartbeat
from crm.db import Database, open_database
from crm.recordings.reading import refused_by_number
from crm.recordings.settings import recorded_queues
from telephony import variables
from telephony.agi import AgiSession
from telephony.fastagi import FastAgiServer
from workers import process
from workers.derived_keys import agi_token
from workers.dialogue.handler import Dialogue
from workers.settings import ServiceSettings, load

INBOUND = "inbound"
DIALOGUE = "dialogue"
ALIVE_WITHIN = timedelta(seconds=10)


class InboundLookup:
    """Whether the service lives. If not, the dialplan rings everybody after a minute instead of trusting the queue.
    And whether a talk with this number must not be recorded, where talks are recorded at all.

    Reads and never writes: SQLite has one writer, and callers who ring at once would wait for each other here. Who is
    calling the listener hears by the dialplan's own event, so that the card comes even when this process is dead.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def __call__(self, agi: AgiSession) -> None:
        """Handle one lookup leg: sets SD_OK where the listener, without whom no card opens, beat a moment ago."""
        at = datetime.now(UTC)
        with self._database.reading() as session:
            alive = heartbeat.is_alive(session, "listener", at, ALIVE_WITHIN)
            records = bool(recorded_queues(session))
        if records and self._against_recording(agi, at):
            agi.set_variable(variables.SD_NORECORD, "1")
        agi.set_variable(variables.SD_OK, "1" if alive else "0")

    def _against_recording(self, agi: AgiSession, at: datetime) -> bool:
        """Whether a family that this number leads to has refused recording once and for all (domain.md §3.4)."""
        caller = parse_from_header(
            unquote(agi.get_variable(variables.SD_FROM), errors="replace"),
            asserted=None,
            own_numbers=(),
            area_code=None,
        )
        with self._database.reading() as session:
            return caller.number is not None and refused_by_number(session, caller.number, at)


def serve(settings: ServiceSettings, database: Database, dialogue: Dialogue) -> FastAgiServer:
    """The server, bound and not yet running."""
    return FastAgiServer(
        settings.agi_address,
        token=agi_token(settings.key()),
        allowed_peers=settings.agi_peers,
        handlers={INBOUND: InboundLookup(database), DIALOGUE: dialogue},
    )


def main() -> None:
    """Run until SIGTERM."""
    process.start_logging()
    settings = load(ServiceSettings)
    stopping = process.stop_event()
    database = open_database(settings)
    dialogue = Dialogue(database, settings)
    server = serve(settings, database, dialogue)
    process.beat_until(stopping, database, "agi")
    server.start()
    dialogue.warm_up()
    stopping.wait()
    server.stop()
    dialogue.close()
    database.dispose()


if __name__ == "__main__":
    main()
