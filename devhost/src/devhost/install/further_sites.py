"""Further sites in the same process, each with its own client key for an app.

They share what all sites of Atlassian's cloud share: the install keys, the
authorization server and the people. A further site lives in memory; when it ends, its
apps are not told, as with a deleted site.
"""

import threading
from typing import Self

from devhost.descriptor.document import InstallError
from devhost.install.lifecycle import LifecycleError, install
from devhost.site import RunningSite, Site
from devhost.site.installations import Installations

MAX_SITES = 4


class FurtherSites:
    """The further sites next to the first one."""

    def __init__(self, first: Site) -> None:
        self._first = first
        self._lock = threading.Lock()
        self._running: dict[int, RunningSite] = {}

    @classmethod
    def of_site(cls, site: Site) -> Self:
        """Return the further sites of *site*."""
        return cls(site)

    def sites(self) -> list[Site]:
        """Return the further sites, oldest first."""
        with self._lock:
            return [running.site for running in self._running.values()]

    def start(self, *, with_apps: bool = True) -> tuple[Site, dict[str, str]]:
        """Start another site; return it, and by app key why an app is missing there.

        :raises LifecycleError: if there are too many, or no site can be opened.
        """
        with self._lock:
            if len(self._running) >= MAX_SITES:
                raise LifecycleError(f"there can be {MAX_SITES} further sites at most")
            if self._first.open_site is None:
                raise LifecycleError("this site cannot open another")
            running = self._first.open_site()
            running.site.join(self._first, len(self._first.siblings) + 1)
            running.start()
            self._running[running.site.port] = running
        refused: dict[str, str] = {}
        for app in self._first.get(Installations).enabled() if with_apps else []:
            try:
                install(running.site, app.descriptor_url)
            except InstallError as error:
                refused[app.app_key] = str(error)
        return running.site, refused

    def stop(self, port: int) -> bool:
        """End the site on *port* as if it were deleted; False if there is none."""
        with self._lock:
            running = self._running.pop(port, None)
            if running is None:
                return False
            self._first.siblings.remove(running.site)
        running.stop()
        return True

    def stop_all(self) -> None:
        """End every further site."""
        for site in self.sites():
            self.stop(site.port)
