"""Whether any paper waits to be made or read in: asked every few seconds, so it needs the tables and nothing else."""

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from crm.campaigns.tables import Campaign
from crm.papers.tables import ASKED, MAKING, ExportedFile, ImportJob

EXPORTS_WAIT = (ASKED, MAKING)
IMPORTS_WAIT = ("asked", "reading", "confirmed", "loading")
"""Those under way are among them: whoever had them may have been killed."""


def anything_waits(session: Session) -> bool:
    """Whether there is work for `workers.papers`."""
    exports = exists().where(ExportedFile.state.in_(EXPORTS_WAIT))
    imports = exists().where(ImportJob.state.in_(IMPORTS_WAIT))
    dry_runs = exists().where(Campaign.dry_run_asked_at.is_not(None))
    return bool(session.scalar(select(exports | imports | dry_runs)))
