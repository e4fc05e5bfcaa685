"""Webhooks: what an app is told of what happens, and what it answered.

In the order in which an event meets them:

* ``events``         every event there is, and what its body tells of
* ``occurrences``    a change of the wiki as one or more events with their bodies
* ``payloads``       how a page, a comment or a space looks in a body
* ``subscriptions``  which webhook modules ask for an event
* ``deliveries``     every delivery in the state file, the latest 500
* ``lines``          per app one line, in order, off the threads that make changes
* ``sending``        the signed request, which can be interrupted at any time
* ``dispatch``       all of these, from the occurrence to the answer
* ``examples``       a believable body of any event, to fire by hand
* ``service``        all of it for one site: ``site.get(Webhooks)``

https://developer.atlassian.com/cloud/confluence/modules/webhook/

An event that is no change of the wiki is announced by whoever knows of it::

    site.get(Webhooks).announce("app_policy_changed", body, account_id, app_key=key)

It returns at once, from any thread; whether any app listens need not be asked.
"""

from devhost.webhooks.deliveries import Delivery
from devhost.webhooks.occurrences import Occurrence
from devhost.webhooks.service import WebhookError, Webhooks
from devhost.webhooks.settings import Settings

__all__ = ["Delivery", "Occurrence", "Settings", "WebhookError", "Webhooks"]
