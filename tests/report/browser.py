"""A headless browser that tells what a page asked for and complained of."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from selenium import webdriver
from selenium.webdriver.chrome.service import Service

_FLAGS = (
    "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking "
    "--disable-component-update --disable-sync --hide-scrollbars --lang=en"
)


class Browser:
    """A window of Chromium."""

    def __init__(self, driver: Any) -> None:
        self.driver = driver

    def open(self, page: Path, width: int, height: int = 1400) -> None:
        """Opens a file in a viewport of that size."""
        size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False}
        self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
        self.driver.get(page.as_uri())

    def prefer(self, scheme: str) -> None:
        """Asks pages for their light or dark colours from now on."""
        features = [{"name": "prefers-color-scheme", "value": scheme}]
        self.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": features})

    def spoken(self, selector: str) -> tuple[str, str, str]:
        """The role, name and description of the first such element, as a screen reader is told."""
        element = self.driver.execute_cdp_cmd(
            "Runtime.evaluate", {"expression": f"document.querySelector('{selector}')"}
        )
        chosen = {"objectId": element["result"]["objectId"], "fetchRelatives": False}
        (node,) = self.driver.execute_cdp_cmd("Accessibility.getPartialAXTree", chosen)["nodes"]
        role, name, description = (node[key]["value"] for key in ("role", "name", "description"))
        return role, name, description

    def table(self, name: str) -> list[list[str]]:
        """The rows of the first table in a region of that name, cell by cell, as a screen reader tells them."""
        nodes = self.driver.execute_cdp_cmd("Accessibility.getFullAXTree", {})["nodes"]
        by_id = {node["nodeId"]: node for node in nodes}

        def below(node: dict[str, Any], *roles: str) -> list[dict[str, Any]]:
            children = [by_id[each] for each in node["childIds"] if each in by_id]
            found = ([each] if _role(each) in roles else below(each, *roles) for each in children)
            return [each for some in found for each in some]

        region = next(node for node in nodes if _role(node) == "region" and node["name"]["value"] == name)
        table = below(region, "table")[0]
        cells = ("columnheader", "rowheader", "cell", "gridcell")
        return [[cell["name"]["value"] for cell in below(row, *cells)] for row in below(table, "row")]

    def press(self, selector: str) -> None:
        """Presses the first such element, as with the mouse."""
        self.driver.find_element("css selector", selector).click()

    def requests(self) -> list[str]:
        """What was asked for since the last look, but for what the browser's own first page asks for meanwhile."""
        events = (json.loads(entry["message"])["message"] for entry in self.driver.get_log("performance"))
        sent = [event["params"] for event in events if event["method"] == "Network.requestWillBeSent"]
        return [each["request"]["url"] for each in sent if not each["documentURL"].startswith("chrome://")]

    def complaints(self) -> list[str]:
        """The console's messages since the last look."""
        return [entry["message"] for entry in self.driver.get_log("browser")]

    def ask(self, script: str) -> Any:
        """The value of an expression; the page itself may run nothing."""
        return self.driver.execute_script(f"return {script}")


def _role(node: dict[str, Any]) -> str:
    return str(node["role"]["value"])


@contextmanager
def browser(chromium: str, driver: str, profile: Path) -> Iterator[Browser]:
    """A new browser with a profile of its own."""
    options = webdriver.ChromeOptions()
    options.binary_location = chromium
    for flag in (*_FLAGS.split(), f"--user-data-dir={profile}"):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    window = webdriver.Chrome(options=options, service=Service(executable_path=driver))
    try:
        yield Browser(window)
    finally:
        window.quit()
