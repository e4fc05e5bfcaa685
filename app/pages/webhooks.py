"""What the example does when Confluence tells it of something."""

from ..connect import WebhookDelivery, current_service, webhook

NEWEST_PAGE = "newest-page"
"""The key of the app property with the page that was created last."""


@webhook("page_created")
def remember_page(delivery: WebhookDelivery) -> None:
    """Keep the newest page for the overview. Done twice, it changes nothing."""
    page = delivery.body["page"]
    current_service.properties.set(
        NEWEST_PAGE, {"id": page["id"], "title": page["title"]}
    )
