"""The site: its addresses and keys, its people, and what it remembers.

* ``site``           one site, which builds its services when they are asked for
* ``state``, ``state_file``  what is remembered, in one SQLite file
* ``users``, ``products``    the people; Confluence, Jira
* ``installations``, ``app_data``  the installed apps, and what they store here
* ``assumptions``    what is taken for true where Atlassian's pages are silent
* ``clock``          by which the host dates its tokens
* ``current``, ``origin_check``    the site of a request, and who may send one
"""

from devhost.site.site import CONTEXT_PATH, SITE_HOST_NAMES, RunningSite, Site

__all__ = ["CONTEXT_PATH", "SITE_HOST_NAMES", "RunningSite", "Site"]
