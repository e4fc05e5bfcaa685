"""The example in a German browser, on the local Confluence."""

from typing import Any

import pytest
from devhost.testing.confluence import RecordingConfluence
from devhost.testing.installed_app import InstalledApp
from playwright.sync_api import Browser, expect


@pytest.fixture
def config(config: dict[str, Any], connect_settings: dict[str, str]) -> dict[str, Any]:
    """The settings of the app under test, on the local Confluence."""
    return {**config, **connect_settings}


@pytest.mark.browser
def test_page_and_script_speak_one_language(
    confluence: RecordingConfluence, installed_app: InstalledApp, browser: Browser
) -> None:
    with browser.new_context(locale="de-DE") as context:
        page = context.new_page()
        address = f"/plugins/servlet/ac/{installed_app.key}/overview"
        page.goto(confluence.base_url + address)
        app = page.frame_locator("iframe")
        expect(app.locator("html")).to_have_attribute("lang", "de")
        expect(app.locator("h1")).to_have_text("Beispiel-App")
        expect(app.locator("#context")).to_contain_text("angenommen")
        expect(app.locator("#menu")).to_contain_text("im Men", ignore_case=True)
        app.get_by_role("button", name="Speichern").click()
        expect(app.locator("#status")).to_have_text("Notiz gespeichert.")
