"""The listener: hears the exchange, records what happens to calls, and carries wishes back to the exchange.

`python -m workers.listener`. Six threads beside the wire's own:
* the recorder turns events into rows and notices (`workers.recorder`);
* the keeper wakes up on a hint that concerns it or every two seconds, and makes the exchange agree with the database:
  who is paused (`workers.pauses`), whose phone is there (`workers.absentees`), and which lines, extensions and phone
  secrets exist (`workers.exchange`);
* `workers.orders` carries out what the pages ask for: transfers, outgoing calls, listening in;
* `workers.device_states` looks at the specialists' telephones;
* `workers.recordings` takes finished recordings in and deletes old ones;
* the heartbeat.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from functools import partial

from sqlalchemy.exc import SQLAlchemyError

from crm import calls, exchange_state, institution, presence, staff, training
from crm.db import Database, open_database
from crm.missed import rebuilding
from crm.recordings.files import folder_of
from crm.training import TRAINING_PREFIX
from telephony.ami import AmiSession
from telephony.dialplan_words import dialplan_word
from telephony.link import AmiError, LinkState
from telephony.snapshot import MemberNow, Snapshot, members_now
from telephony.translate import TrunkNames, caller_of, ended_order, is_forged, translate
from telephony.wire import Message
from workers import absentees, exchange, orders, pauses, process
from workers.device_states import DeviceWatch
from workers.feed import Feed, Notice, NoticeKind
from workers.housekeeping import Housekeeping
from workers.live_calls import live_calls
from workers.missed import FARTHEST_BACK, Told, missed_events, read_files
from workers.queues import Wake, wake, wakes
from workers.recorder import Recorder, Seen
from workers.recordings import Filing
from workers.settings import ServiceSettings, load

log = logging.getLogger(__name__)
Desired = Mapping[str, tuple[bool, str]]
"""`presence.desired_pauses`."""


class Listener:
    """Wires the session with the exchange to the records; one per service."""

    def __init__(self, settings: ServiceSettings, database: Database, feed: Feed) -> None:
        self._settings = settings
        self._database = database
        self._feed = feed
        self._recorder = Recorder(database, feed, lambda: wake(settings.redis_address(), Wake.ORDER))
        self._trunk = self._trunk_names()
        self._housekeeping = Housekeeping(database, feed, settings.audit_anchor, settings.data_dir / "exports")
        self._session = AmiSession(
            exchange.ami_address(settings),
            on_event=self._hear,
            on_link=self._link_changed,
            on_connected=self._catch_up,
        )
        self._devices = DeviceWatch(self._session, database, feed)

    def start(self) -> None:
        """Connect, and keep connecting."""
        self._recorder.start()
        self._session.start()

    def stop(self) -> None:
        """Record what was heard, then hang up the link."""
        self._session.stop()
        self._recorder.stop()
        self._housekeeping.anchor(datetime.now(UTC))

    def _hear(self, message: Message) -> None:
        if self._devices.hear(message):
            return
        now = datetime.now(UTC)
        event = translate(message, trunk=self._trunk, at=now) or dialplan_word(message, now)
        if event is not None:
            self._recorder.event(event)
        elif (channel := ended_order(message) or "").startswith(TRAINING_PREFIX):
            self._settle_training(channel)
        elif is_forged(message):
            log.warning("security: an incomplete or doubled %s event was ignored", message.event)

    def _trunk_names(self) -> TrunkNames:
        """With the numbers that a caller cannot honestly present: our DIDs and extensions (B32)."""
        with self._database.reading() as session:
            own = frozenset(institution.dids(session)) | frozenset(staff.extension_numbers(session))
            return TrunkNames(own_numbers=own, area_code=institution.area_code(session))

    def _settle_training(self, channel_id: str) -> None:
        try:
            with self._database.transaction() as session:
                training.settle(session, channel_id, "ended", datetime.now(UTC))
        except SQLAlchemyError as error:  # a training call's row may go on saying that it rings
            log.warning("training call not settled: %s", type(error).__name__)

    def _catch_up(self, snapshot: Snapshot) -> None:
        """After each login, before any event that came since: what was missed, what is now, and who must be paused."""
        live = live_calls(snapshot)
        missed = self._missed({call.linkedid for call in live})
        self._recorder.snapshot(Seen(snapshot.at, live, missed))
        self._agree_on_pauses(snapshot.members, self._desired())
        self._devices.look_at_everybody()

    def _missed(self, live: set[str]) -> tuple[Told, ...]:
        if self._settings.exchange != "embedded":
            return ()  # another machine's files
        files = read_files(exchange.log_dir(self._settings), datetime.now(UTC) - FARTHEST_BACK)
        try:
            with self._database.reading() as session:
                wanted = rebuilding.unheard(session, files.arrivals) | calls.open_calls(session)
        except SQLAlchemyError as error:
            log.warning("records are not readable: %s", type(error).__name__)
            return ()
        return missed_events(files, wanted, live, partial(caller_of, trunk=self._trunk))

    def _link_changed(self, state: LinkState) -> None:
        log.info("link to the exchange: %s %s", state.link.value, state.reason)
        try:
            with self._database.transaction() as session:
                exchange_state.note_link(session, up=state.up, reason=state.reason, at=state.since)
        except SQLAlchemyError as error:
            log.warning("link state not written: %s", type(error).__name__)
        self._feed.publish([Notice(NoticeKind.LINK)])

    def keep(self, stopping: threading.Event) -> None:
        """Carry wishes to the exchange until told to stop. Every step may fail alone and is tried again in 2 s."""
        steps: Mapping[Wake | None, Sequence[Callable[[], None]]] = {
            None: (self._agree_on_members, self._follow_settings, self._keep_house),
            Wake.PRESENCE: (self._agree_on_members,),
            Wake.EXCHANGE: (self._follow_settings,),
        }
        for hint in wakes(self._settings.redis_address()):
            for step in steps.get(hint, ()):
                if stopping.is_set():
                    return
                try:
                    step()
                except (AmiError, SQLAlchemyError, OSError) as error:
                    log.warning("%s failed, again in two seconds: %s", step.__name__, type(error).__name__)

    def serve_orders(self, stopping: threading.Event) -> None:
        """Carry out what the pages ask of the exchange, until told to stop."""
        orders.serve(orders.Counter(self._settings, self._database, self._session, self._feed), stopping)

    def watch_devices(self, stopping: threading.Event) -> None:
        """Keep what the exchange says of the specialists' telephones, until told to stop."""
        self._devices.run(stopping)

    def file_recordings(self, stopping: threading.Event) -> None:
        """Take finished recordings in and delete old ones, until told to stop."""
        Filing(self._database, folder_of(self._settings.data_dir)).serve(stopping)

    def _agree_on_members(self) -> None:
        if self._session.link.up:
            members, desired = members_now(self._session), self._desired()
            self._agree_on_pauses(members, desired)
            self._find_absentees(members, desired)

    def _follow_settings(self) -> None:
        self._trunk = self._trunk_names()
        exchange.apply_if_wanted(self._settings, self._database)

    def _keep_house(self) -> None:
        self._housekeeping.run(datetime.now(UTC))

    def _agree_on_pauses(self, members: Sequence[MemberNow], desired: Desired) -> None:
        for change in pauses.pause_changes(members, desired):
            pauses.order(self._session, change)

    def _find_absentees(self, members: Sequence[MemberNow], desired: Desired) -> None:
        is_idle = partial(absentees.is_idle, self._session)
        for queue in absentees.forgotten(members, desired, is_idle):
            log.warning("a queue holds a registered phone for absent: its members are read anew")
            absentees.read_anew(self._session, queue)

    def _desired(self) -> Desired:
        with self._database.reading() as session:
            return presence.desired_pauses(session)


def main() -> None:
    """Run until SIGTERM."""
    process.start_logging()
    settings = load(ServiceSettings)
    stopping = process.stop_event()
    database = open_database(settings)
    feed = Feed(settings.redis_address())
    listener = Listener(settings, database, feed)
    listener.start()
    process.beat_until(stopping, database, "listener")
    for name, work in (
        ("keeper", listener.keep),
        ("orders", listener.serve_orders),
        ("devices", listener.watch_devices),
        ("filing", listener.file_recordings),
    ):
        threading.Thread(target=work, args=(stopping,), name=name, daemon=True).start()
    process.say_ready(settings.run_dir, "listener")
    stopping.wait()
    listener.stop()
    feed.close()
    database.dispose()


if __name__ == "__main__":
    main()
