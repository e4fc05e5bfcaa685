"""The site: its addresses and keys, its people, and its stored state.

* ``site``           one site, which creates its services when they are first used
* ``state``, ``state_file``  the stored state, in one SQLite file
* ``users``, ``products``    the people; Confluence, Jira
* ``installations``, ``app_data``  the installed apps, and what they store here
* ``assumptions``    what is assumed where Atlassian's pages are silent
* ``clock``          dates the tokens of the host
* ``current``, ``origin_check``    the site of a request, and which origins are allowed
"""

from devhost.site.site import CONTEXT_PATH, SITE_HOST_NAMES, RunningSite, Site

__all__ = ["CONTEXT_PATH", "SITE_HOST_NAMES", "RunningSite", "Site"]
