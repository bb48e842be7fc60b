"""What campaigns, their states and their topics are called."""

from typing import Final

from crm.campaigns.tables import DONE, DRAFT, PAUSED, PLANNED, RUNNING, STOPPED, WAITING, Campaign
from crm.measures import topics

MEASURE, SERVICE, FREE = "measure", "service", "free"
KINDS: Final = {
    MEASURE: "о мере поддержки",
    SERVICE: "о нашей службе: телефоны, специалист",
    FREE: "другое сообщение",
}
HUMAN, ROBOT = "human", "robot"
CHANNELS: Final = {HUMAN: "звонят сотрудники", ROBOT: "звонит робот"}
STATES: Final = {
    DRAFT: "черновик",
    RUNNING: "идёт",
    PAUSED: "на паузе",
    STOPPED: "остановлена",
    DONE: "завершена",
}
GOES_ON: Final = (RUNNING, PAUSED)
TO_COME: Final = (WAITING, PLANNED)


def topic_of(campaign: Campaign) -> str:
    """What a family is told of by this campaign: the same measure, or the same service, is one topic for all."""
    if campaign.kind == MEASURE and campaign.measure_id is not None:
        return topics.topic_of_measure(campaign.measure_id)
    if campaign.kind == SERVICE:
        return topics.topic_of_service(campaign.service_id)
    return topics.topic_of_campaign(campaign.id)
