"""The one webhook that has a handler."""

from app.connect import WebhookDelivery, current_service, webhook


@webhook("page_created")
def remember_page(delivery: WebhookDelivery) -> None:
    """Keep the newest page."""
    current_service.properties.set("newest-page", delivery.body["page"]["id"])
