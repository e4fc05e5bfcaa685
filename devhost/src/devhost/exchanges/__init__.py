"""Every message between the host and an app, in both directions.

* ``message``, ``exchange``  one message and its answer; how it prints itself
* ``log``       the bounded, thread-safe log that tests and the inspector read
* ``inbound``   records the calls of apps to the host
* ``outbound``  records the host's calls to apps
* ``tokens``    decodes a token for display, and explains a hash that differs
* ``masking``   hides secrets and signatures
* ``present``   an exchange as JSON, as text and as a curl command

Python: ``confluence.exchanges.find("PUT", "/rest/api/content/{id}")``.
"""

from devhost.exchanges.exchange import Exchange
from devhost.exchanges.log import ExchangeLog
from devhost.exchanges.message import Direction

__all__ = ["Direction", "Exchange", "ExchangeLog"]
