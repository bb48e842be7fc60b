"""The calling worker: runs `workers.jobs` as RQ hands them over.

`python -m workers.rq_worker`. One queue (RQ's crash-safe pop), JSON (nothing that is loaded can run code), jobs in this
very process (`SimpleWorker`): a job takes milliseconds and leaves no grandchild behind when the worker is killed. RQ
never retries a job here: a retried dial is a second phone call.
"""

from __future__ import annotations

import logging
import threading
import time

import redis
from rq import SimpleWorker
from rq.serializers import JSONSerializer

from crm.db import open_database
from workers import process
from workers.dialler import jobs as dialling
from workers.line_upkeep import LineUpkeep
from workers.paper_runner import PaperRunner
from workers.queues import calls_queue, connect
from workers.settings import ServiceSettings, load

WORKER_TTL_SECONDS = 30  # RQ's 420 would leave a dead worker unnoticed for minutes (libraries.md §1)
log = logging.getLogger(__name__)


def main() -> None:
    """Run until SIGTERM; wait for Redis as long as it takes."""
    process.start_logging()
    settings = load(ServiceSettings)
    database = open_database(settings)
    stopping = threading.Event()
    process.beat_until(stopping, database, "worker")
    papers = PaperRunner(database)
    papers.start()
    lines = LineUpkeep(settings, database)
    lines.start()
    sender = dialling.make_sender(settings, database)
    dialling.install(sender)
    while True:
        connection = connect(settings.redis_address(), timeout_seconds=WORKER_TTL_SECONDS + 10)
        try:
            worker = SimpleWorker(
                [calls_queue(connection)],
                connection=connection,
                serializer=JSONSerializer,
                worker_ttl=WORKER_TTL_SECONDS,
                job_monitoring_interval=5,
                maintenance_interval=15,
                log_job_description=False,
            )
            process.say_ready(settings.run_dir, "worker")
            worker.work(with_scheduler=False, logging_level="WARNING")
        except redis.RedisError as error:
            log.warning("Redis is away: %s", type(error).__name__)
            time.sleep(1)
        else:
            break
    stopping.set()
    sender.exchange.stop()
    lines.stop()
    papers.stop()
    database.dispose()


if __name__ == "__main__":
    main()
