"""A local Confluence for developing Atlassian Connect apps.

In the order in which a message meets them:

* ``server``, ``web``      sockets and the Flask application
* ``raw_target``, ``guard``  routing by the undecoded path; loopback and origin checks
* ``state``                what is remembered, in one SQLite file
* ``descriptor``, ``module_rules``  what may be installed or registered
* ``signing``, ``app_token``  the tokens we send, and the check of those we receive
* ``lifecycle``, ``callbacks``  install, upgrade, enable, disable, uninstall
* ``tenancy``, ``neighbours``  rotate, rename, import; further sites
* ``oauth``, ``licences``  access tokens for impersonation; what an app may be told
* ``exchanges``, ``replay``  every message in both directions, and once more
* ``faults``, ``clock``    what goes wrong on purpose
* ``wiki``, ``cql``          spaces, pages and what hangs on them; how they are searched
* ``webhooks``             what apps are told of it, and what they answered
* ``rest``                 Confluence's REST resources, ``/wiki/rest``, ``/wiki/api``
* ``pages``                what a browser sees

It imports nothing of the app it hosts, so that a mistake cannot be shared.
"""
