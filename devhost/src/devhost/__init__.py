"""A local Confluence for developing Atlassian Connect apps.

Each folder is one layer, and imports only from the layers below it::

    __main__, command     the command line      testing   pytest fixtures
    server, web           sockets, and the Flask application
    pages                 what a browser sees   rest      what an app can call
    webhooks              events, subscriptions, deliveries and their outcomes
    modules               what apps add to pages: places, conditions, macros
    access_rules          where an administrator blocks an app
    install               lifecycle, license    wiki      spaces, pages, CQL
    descriptor            its checks            faults    failures on purpose
    exchanges             every message between host and app, recorded
    tokens                the JWTs of the host and of apps, OAuth's access tokens
    site                  addresses, keys, people, installed apps, stored state
    protocol              JSON, request targets, the query string hash

A request comes in at ``server``. ``web`` checks where it comes from
(``site.origin_check``), records it (``exchanges.inbound``), lets ``faults`` strike, and
hands it to ``rest`` or ``pages``. Both get the site from ``site.current`` and ask it
for what they need: ``current_site().get(Wiki)``.

It imports nothing from the app it hosts, so that the two cannot share a mistake.
``tests/test_layout.py`` checks the layers, and that there are no import cycles.
"""
