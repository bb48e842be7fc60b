"""Recordings at the exchange and on the disk: stops what a caller refused, takes finished files in, deletes old ones.

The clerk (`carry_out`) looks every second, and at once when an operator presses «Остановить запись». The filing, on a
thread of its own, looks every two seconds. Each act is preceded by its row and followed by its result, so a kill at any
step loses nothing.
"""

from __future__ import annotations

import logging
import re
import threading
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from callflow.dialplan_word import DialplanWord
from crm.db import Database
from crm.recordings import files, filing, following, keeping, refusing
from crm.recordings.tables import Recording, RecordingState
from telephony import variables
from telephony.snapshot import ChannelNow, channels_now
from telephony.transfer_actions import compose_note
from workers.feed import Notice, NoticeKind
from workers.recording_streams import Streams

if TYPE_CHECKING:
    from workers.orders import Counter

EVERY_SECONDS = 2.0
SWEEP_EVERY = timedelta(minutes=1)
LOOK_THROUGH_EVERY = timedelta(hours=1)
QUIET_AFTER = timedelta(minutes=1)
"""A file that was just written to belongs to a talk whose row is still on the way."""
NOTHING_LEFT = frozenset([RecordingState.REFUSED.value, RecordingState.EMPTY.value, RecordingState.DELETED.value])
log = logging.getLogger(__name__)

_STANDS_FOR_HIM = re.compile(r"Local/\d{2,6}@sd-outgoing-[0-9a-f]{8,};2")
_streams = Streams()


def follow(session: Session, word: DialplanWord) -> Sequence[Notice]:
    """Follower of the dialplan's words about recording; whoever talks sees the badge change."""
    row = following.follow(session, word)
    return [Notice(NoticeKind.QUEUE, service_id=row.service_id, call_id=row.call_id)] if row and row.call_id else []


def carry_out(counter: Counter) -> None:
    """End the recordings that somebody was against or that an operator ended, and remove what was refused."""
    with counter.database.reading() as session:
        stopping, removing = refusing.to_stop(session), refusing.to_remove(session)
        going_on = following.going_on(session)
    for row in stopping:
        channels = of_call(channels_now(counter.exchange), row.linkedid)
        caller = recorded(channels, row.linkedid)
        if caller is not None:  # first, for a transfer or a return would begin it again
            counter.exchange.send(compose_note(caller.channel, variables.SD_NORECORD, "1"))
        for channel in channels:
            # An error means that nothing is recorded on this one; no answer at all raises, and is tried again.
            counter.exchange.send([("Action", "StopMixMonitor"), ("Channel", channel.channel)])
        with counter.database.transaction() as session:
            refusing.stopped(session, row.id)
    if stopping:
        with counter.database.reading() as session:
            removing = refusing.to_remove(session)
    folder = files.folder_of(counter.settings.data_dir)
    for row in removing:
        remove_refused(counter.database, folder, row)
    if going_on:
        look_at_streams(counter, going_on)


def look_at_streams(counter: Counter, linkedids: Sequence[str]) -> Sequence[str]:
    """Have the recordings of these calls go on anew where somebody's sound has begun anew; which. Raises AmiError."""
    channels, talks = channels_now(counter.exchange), []
    for linkedid in linkedids:
        own = of_call(channels, linkedid)
        if (main := recorded(own, linkedid)) is not None:
            talks.append((main, [one for one in own if one.channel.startswith("PJSIP/") and one.state == "Up"]))
    return _streams.look(counter, talks)


def remove_refused(database: Database, folder: Path, row: Recording) -> None:
    """Delete whatever there is of a refused recording."""
    files.remove(files.incoming(folder, row.linkedid), files.stored(folder, row.file_name))
    with database.transaction() as session:
        refusing.removed(session, row.id, datetime.now(UTC))


class Filing:
    """Takes finished recordings in, deletes those whose time is over, and finds what neither should be."""

    def __init__(self, database: Database, folder: Path) -> None:
        self._database = database
        self._folder = folder
        self._swept: datetime | None = None
        self._looked: datetime | None = None

    def serve(self, stopping: threading.Event) -> None:
        """Work until told to stop. A full disk or a locked database costs this round, and the next begins anew."""
        while not stopping.wait(EVERY_SECONDS):
            try:
                self.run(datetime.now(UTC))
            except (SQLAlchemyError, OSError) as error:
                log.warning("recordings not filed, again in two seconds: %s", type(error).__name__)

    def run(self, now: datetime) -> None:
        """Do what is due at `now` (aware)."""
        if self._swept is None or now - self._swept >= SWEEP_EVERY:
            self._swept = now
            self.sweep(now)
        if self._looked is None or now - self._looked >= LOOK_THROUGH_EVERY:
            self._looked = now
            self.look_through(now)
        for row in self._finished(now):
            self._take_in(row, now)
        for row in self._expired(now):
            self._delete(row, now)

    def _finished(self, now: datetime) -> Sequence[Recording]:
        with self._database.reading() as session:
            if not filing.has_storing(session, now):
                return ()
        with self._database.transaction() as session:
            return filing.begin(session, now)

    def _take_in(self, row: Recording, now: datetime) -> None:
        source, target = files.incoming(self._folder, row.linkedid), files.stored(self._folder, row.file_name)
        if target is not None and source is not None and source.exists() and not target.exists():
            if files.seconds_of(source) < files.SHORTEST:
                files.remove(source)
            else:
                files.take_in(source, target)
        if target is None or not target.exists():
            with self._database.transaction() as session:
                filing.nothing(session, row.id, now)
            return
        size, seconds, digest = target.stat().st_size, files.seconds_of(target), files.digest(target)
        with self._database.transaction() as session:
            filing.store(session, row.id, size=size, seconds=seconds, sha256=digest, at=now)

    def _expired(self, now: datetime) -> Sequence[Recording]:
        with self._database.reading() as session:
            due = keeping.has_expired(session, now)
        if due:
            with self._database.transaction() as session:
                keeping.expire(session, now)
        with self._database.reading() as session:
            return keeping.to_delete(session)

    def _delete(self, row: Recording, now: datetime) -> None:
        files.remove(files.incoming(self._folder, row.linkedid), files.stored(self._folder, row.file_name))
        with self._database.transaction() as session:
            keeping.deleted(session, row.id, now)

    def sweep(self, now: datetime) -> None:
        """Files in the incoming folder that no row moves: their words were never heard, or they were left behind."""
        names = files.incoming_names(self._folder)
        if not names:
            return
        with self._database.reading() as session:
            known = filing.states_of(session, names)
        for name in names:
            path = files.incoming(self._folder, name)
            if path is None or not path.exists():
                continue
            written = datetime.fromtimestamp(path.stat().st_mtime, UTC)
            if now - written < QUIET_AFTER:
                continue
            state = known.get(name, (0, ""))[1]
            if state in NOTHING_LEFT:
                files.remove(path)
            elif state in ("", RecordingState.LOST.value):
                with self._database.transaction() as session:
                    filing.adopt_incoming(session, name, written)

    def look_through(self, now: datetime) -> None:
        """Every stored file has its row, and every row its file; what has not is said where the head sees it."""
        names = files.stored_names(self._folder)
        with self._database.reading() as session:
            known, kept = filing.known_names(session), filing.kept(session)
        for name in names:
            path = files.stored(self._folder, name)
            if name not in known and path is not None:
                size, seconds, digest = path.stat().st_size, files.seconds_of(path), files.digest(path)
                with self._database.transaction() as session:
                    filing.adopt_stored(session, name, size=size, seconds=seconds, sha256=digest, at=now)
        there = set(names)
        for row in kept:
            if row.file_name not in there:
                log.warning("recording %s: its file is gone", row.id)
                with self._database.transaction() as session:
                    current = session.get_one(Recording, row.id, with_for_update=True)
                    filing.lose(session, current, "Файл исчез с диска сервера.", now)


def of_call(channels: Sequence[ChannelNow], linkedid: str) -> list[ChannelNow]:
    """The channels of one conversation that may be recorded: the real ones, and the half of a Local one that stands for
    whom an operator has called (sd-outgoing). Other Local ones have no sound of their own."""
    own = [one for one in channels if one.linkedid == linkedid]
    return [one for one in own if not one.channel.startswith("Local/") or _STANDS_FOR_HIM.fullmatch(one.channel)]


def recorded(channels: Sequence[ChannelNow], linkedid: str) -> ChannelNow | None:
    """Of these, the one on which the recording lies: the caller's, or what stands for whom an operator has called."""
    return next((one for one in channels if one.uniqueid == linkedid or one.channel.startswith("Local/")), None)
