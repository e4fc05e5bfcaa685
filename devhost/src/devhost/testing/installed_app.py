"""The app under test on the host: its lifecycle, its license, its tenant."""

from dataclasses import dataclass

from flask import Flask

from devhost.descriptor.document import InstallError
from devhost.install import lifecycle, tenant_changes
from devhost.install.license import Licenses
from devhost.site import Site
from devhost.site.installations import Installation, Installations
from devhost.testing.confluence import RecordingConfluence
from devhost.testing.expectations import MessageError

DESCRIPTOR_PATH = "/atlassian-connect.json"


@dataclass(frozen=True)
class InstalledApp:
    """The app, served on its own port, and the operations on it."""

    app: Flask
    confluence: RecordingConfluence
    base_url: str
    key: str
    """The app key from the descriptor."""

    @property
    def descriptor_url(self) -> str:
        """The URL that the host reads the descriptor from."""
        return self.base_url + DESCRIPTOR_PATH

    @property
    def client_key(self) -> str:
        """The client key of the tenant."""
        return self.installation().client_key

    def installation(self, site: Site | None = None) -> Installation:
        """Return a site's record of the app, by default the first site's.

        :raises LookupError: if it was never installed there.
        """
        found = (site or self.confluence.site).get(Installations).find(self.key)
        if found is None:
            raise LookupError(f"{self.key} was never installed on this site")
        return found

    @property
    def is_installed(self) -> bool:
        """Whether it is currently installed on the host, enabled or not."""
        site = self.confluence.site
        return site.get(Installations).find_installed(self.key) is not None

    def install(self) -> None:
        """Install it again, or upgrade it.

        :raises MessageError: if it refuses.
        """
        install(self.confluence, self.base_url)

    def uninstall(self) -> None:
        """Uninstall it; the data it stored on the host is kept."""
        lifecycle.uninstall(self.confluence.site, self.key)

    def enable(self) -> None:
        """Enable it."""
        lifecycle.enable(self.confluence.site, self.key)

    def disable(self) -> None:
        """Disable it."""
        lifecycle.disable(self.confluence.site, self.key)

    def rotate_secret(self) -> None:
        """Give it a new shared secret.

        :raises InstallError: if it refuses; it keeps the old one then.
        """
        tenant_changes.rotate_secret(self.confluence.site, self.key)

    def switch_license(self, state: str) -> None:
        """Give it the license ``free``, ``active``, ``evaluation`` or ``expired``.

        :raises LicenseError: if there is no such license.
        """
        self.confluence.site.get(Licenses).switch(self.key, state)


def install(confluence: RecordingConfluence, base_url: str) -> str:
    """Install the app at *base_url* and return its key.

    :raises MessageError: if it refuses.
    """
    __tracebackhide__ = True
    try:
        installed = lifecycle.install(confluence.site, base_url + DESCRIPTOR_PATH)
    except InstallError as error:
        # The messages say more than the error.
        raise MessageError(f"{error}\n\n{confluence.transcript()}") from None
    return installed.app_key
