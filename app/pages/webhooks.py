"""The example's webhook handlers."""

from ..connect import WebhookDelivery, current_service, webhook

NEWEST_PAGE = "newest-page"
"""The key of the app property with the page that was created most recently."""


@webhook("page_created")
def remember_page(delivery: WebhookDelivery) -> None:
    """Store the newest page for the overview. Idempotent."""
    page = delivery.body["page"]
    current_service.properties.set(
        NEWEST_PAGE, {"id": page["id"], "title": page["title"]}
    )
