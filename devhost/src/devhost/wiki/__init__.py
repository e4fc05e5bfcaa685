"""The wiki: spaces, pages, blog posts, comments, attachments and what hangs on them.

* ``wiki``       the facade: everything is reached through ``site.get(Wiki)``
* ``records``    what is handed out; ``access``: what a viewer may do
* ``contents``, ``queries``  reading; ``editor``, ``rows``: writing
* ``spaces``, ``groups``, ``labels``, ``properties``, ``attachments``
* ``changes``    the signal that tells of every change
* ``storage_format``, ``render``  bodies and their macros
* ``seed``       what a new wiki contains

It knows nothing of HTTP: the REST resources and the pages are built on it.
"""

from devhost.wiki.wiki import Wiki

__all__ = ["Wiki"]
