"""A local Confluence for developing Atlassian Connect apps.

Each folder is one layer, and imports only from the layers below it::

    __main__, command     the command line      testing   pytest fixtures
    server, web           sockets, and the Flask application
    pages                 what a browser sees   rest      what an app can call
    webhooks              which apps are told what, and what they answered
    modules               what apps add to pages: places, conditions, macros
    access_rules          where an administrator blocks an app
    install               lifecycle, license    wiki      spaces, pages, CQL
    descriptor            what may be declared  faults    what fails on purpose
    exchanges             every message between host and app, recorded
    tokens                the JWTs of the host and of apps, OAuth's access tokens
    site                  addresses, keys, people, installed apps, stored state
    protocol              JSON, request targets, the query string hash

A request comes in at ``server``. ``web`` checks where it comes from
(``site.origin_check``), records it (``exchanges.inbound``), lets ``faults`` strike,
and hands it to ``rest`` or ``pages``. Both find the site in ``site.current`` and ask
it for what they need: ``current_site().get(Wiki)``.

It imports nothing of the app it hosts, so that a mistake cannot be shared.
``tests/test_layout.py`` checks the layers, and that no imports run in a circle.
"""
