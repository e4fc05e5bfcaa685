"""Webhooks: which apps are sent which events, and what they answered.

In the order in which an event passes through them:

* ``events``         every event there is, and the subject of its body
* ``occurrences``    a change of the wiki as one or more events with their bodies
* ``payloads``       a page, a comment or a space in the format of a body
* ``subscriptions``  the webhook modules that subscribe to an event
* ``deliveries``     every delivery in the state file, the latest 500
* ``lines``          a delivery queue for each app, off the threads that make changes
* ``sending``        the signed request, which can be interrupted at any time
* ``dispatch``       all of these, from the occurrence to the answer
* ``examples``       a realistic body of any event, to fire by hand
* ``service``        all of it for one site: ``site.get(Webhooks)``

https://developer.atlassian.com/cloud/confluence/modules/webhook/

An event that is not a change of the wiki is announced by its source::

    site.get(Webhooks).announce("app_policy_changed", body, account_id, app_key=key)

It returns at once, from any thread, and does nothing if no app subscribes.
"""

from devhost.webhooks.deliveries import Delivery
from devhost.webhooks.occurrences import Occurrence
from devhost.webhooks.service import WebhookError, Webhooks
from devhost.webhooks.settings import Settings

__all__ = ["Delivery", "Occurrence", "Settings", "WebhookError", "Webhooks"]
