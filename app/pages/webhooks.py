"""The example's webhook handlers."""

from ..connect import WebhookDelivery, current_service, webhook

NEWEST_PAGE = "newest-page"
"""The key of the app property with the id of the newest page."""


@webhook("page_created")
def remember_page(delivery: WebhookDelivery) -> None:
    """Store the newest page's id. Idempotent.

    Not its title: every user can read the property, but perhaps not the page.
    """
    current_service.properties.set(NEWEST_PAGE, {"id": delivery.body["page"]["id"]})
