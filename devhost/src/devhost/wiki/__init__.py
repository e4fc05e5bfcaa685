"""The wiki: spaces, pages, blog posts, comments, attachments and their metadata.

* ``wiki``       the facade: everything is reached through ``site.get(Wiki)``
* ``records``    what is returned; ``access``: what a viewer is allowed to do
* ``contents``, ``queries``  reading; ``editor``, ``rows``: writing
* ``spaces``, ``groups``, ``labels``, ``properties``, ``attachments``
* ``changes``    the signal for every change
* ``storage_format``, ``render``  bodies and their macros
* ``seed``       what a new wiki contains

It knows nothing about HTTP: the REST resources and the pages are built on it.
"""

from devhost.wiki.wiki import Wiki

__all__ = ["Wiki"]
