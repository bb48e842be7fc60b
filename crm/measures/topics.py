"""What a family can be told of, as the words that keep it from being told twice (`FamilyTold.topic`)."""


def topic_of_measure(measure_id: int) -> str:
    """«measure-5»: one measure of support."""
    return f"measure-{measure_id}"


def topic_of_service(service_id: int) -> str:
    """«service-2»: that the service exists, its numbers and hours (B-6)."""
    return f"service-{service_id}"


def topic_of_campaign(campaign_id: int) -> str:
    """«campaign-7»: what one campaign of free text says."""
    return f"campaign-{campaign_id}"
