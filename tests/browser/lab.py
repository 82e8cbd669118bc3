"""JupyterLab started for real, and a headless Chromium that looks at it and at other pages."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from peers import peer, program
from PIL import Image

SCREENSHOTS = Path(__file__).parent.parent.parent / "screenshots"
SECONDS = 60  # that anything may take on a machine with much to do

BROWSER = (
    "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
    "--disable-dev-shm-usage", "--hide-scrollbars", "--force-device-scale-factor=1",
)  # fmt: skip
# No question about news, and every cell of a notebook in the page.
SETTINGS = {
    "apputils-extension/notification": {"fetchNews": "false", "checkForUpdates": False},
    "notebook-extension/tracker": {"windowingMode": "none"},
}
PACKAGES = ("jupyterlab", "anywidget", "nbconvert", "nbformat", "ipykernel", "selenium")


class Keys:
    """Keys without a letter. Source: WebDriver (W3C), section 17.4.2."""

    NULL, TAB, ENTER, CONTROL = "\ue000", "\ue004", "\ue007", "\ue009"
    PAGE_UP, PAGE_DOWN = "\ue00e", "\ue00f"
    END, HOME, ARROW_LEFT, ARROW_RIGHT = "\ue010", "\ue011", "\ue012", "\ue014"


def packages():
    """Skip where a package is missing; fail where all are required."""
    for name in PACKAGES:
        peer(name)
    program("chromium", "chromium-browser", "google-chrome")
    program("chromedriver")


def until(holds, what, seconds=SECONDS):
    """What a question answers as soon as that is true; fail when it is not in time."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        found = holds()
        if found:
            return found
        time.sleep(0.1)
    pytest.fail(f"not within {seconds} s: {what}")


class Lab:
    """A JupyterLab of its own, in its own folders, on a port that was free."""

    def __init__(self, home):
        self.root, self.home = home / "root", home
        self.root.mkdir(parents=True)
        for name, content in SETTINGS.items():
            self.set(name, content)
        folders = {"CONFIG": "config", "DATA": "data", "RUNTIME": "runtime"}
        self.environment = {
            **os.environ,
            **{f"JUPYTER_{key}_DIR": str(home / name) for key, name in folders.items()},
            "JUPYTERLAB_SETTINGS_DIR": str(home / "settings"),
            "JUPYTERLAB_WORKSPACES_DIR": str(home / "workspaces"),
            "IPYTHONDIR": str(home / "ipython"),
            "PYTHONPATH": os.pathsep.join(
                filter(None, [str(SCREENSHOTS.parent), os.environ.get("PYTHONPATH")])
            ),
        }
        with (home / "log").open("wb") as log:
            self.server = subprocess.Popen(
                [sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root", "--port=0",
                 "--ip=127.0.0.1", f"--ServerApp.root_dir={self.root}"],
                env=self.environment, stdout=log, stderr=log, stdin=subprocess.DEVNULL,
            )  # fmt: skip
        self.about = until(self._started, "JupyterLab has started")

    def _started(self):
        if self.server.poll() is not None:
            pytest.fail("JupyterLab ended:\n" + (self.home / "log").read_text()[-2000:])
        for path in (self.home / "runtime").glob("jpserver-*.json"):
            try:
                return json.loads(path.read_text())
            except ValueError:  # it is being written
                return None
        return None

    def set(self, name, content):
        """Change a setting; pages that are opened from then on have it."""
        path = self.home / "settings" / "@jupyterlab" / f"{name}.jupyterlab-settings"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(content))

    def trust(self, name):
        """Sign a notebook, as `jupyter trust` does."""
        notary = peer("nbformat.sign").NotebookNotary(data_dir=str(self.home / "data"))
        notary.sign(peer("nbformat").read(self.root / name, 4))

    def address(self, name):
        """Of a notebook, in a workspace of its own, so that no earlier tab is opened again."""
        workspace = "".join(c for c in name if c.isalnum())
        return (
            f"{self.about['url']}lab/workspaces/{workspace}/tree/{name}?reset"
            f"&token={self.about['token']}"
        )

    def close(self):
        self.server.terminate()
        try:
            self.server.wait(20)
        except subprocess.TimeoutExpired:
            self.server.kill()
            self.server.wait()


class Browser:
    """A headless Chromium with a profile of its own."""

    def __init__(self, home, *flags, size=(1280, 1600)):
        webdriver = peer("selenium.webdriver")
        options = webdriver.ChromeOptions()
        options.binary_location = program("chromium", "chromium-browser", "google-chrome")
        for flag in (*BROWSER, f"--user-data-dir={home}", *flags):
            options.add_argument(flag)
        options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
        service = webdriver.ChromeService(program("chromedriver"))
        self.driver = webdriver.Chrome(options=options, service=service)
        self.size = size
        self.driver.set_window_size(*size)

    def all(self, selector):
        """The elements of a selector; what follows >>> is inside an element of its own style."""
        *hosts, last = selector.split(" >>> ")
        places = [self.driver]
        for host in hosts:
            inside = [e for place in places for e in place.find_elements("css selector", host)]
            roots = [
                self.driver.execute_script("return arguments[0].shadowRoot", e) for e in inside
            ]
            places = [root for root in roots if root]
        return [e for place in places for e in place.find_elements("css selector", last)]

    def one(self, selector):
        """The first element of a selector, as soon as there is one."""
        return until(lambda: self.all(selector), selector)[0]

    def texts(self, selector):
        """What the elements of a selector say."""
        return [element.text for element in self.all(selector)]

    def said(self, selector):
        """What the elements of a selector say to a screen reader, in sight or not."""
        texts = [element.get_attribute("textContent") for element in self.all(selector)]
        return [" ".join(text.split()) for text in texts]

    def show(self, element):
        """Scroll to an element."""
        self.driver.execute_script("arguments[0].scrollIntoView({block: 'center'})", element)

    def screenshot(self, name, *, whole=False):
        """Keep a picture of the window, or of the whole page or notebook."""
        SCREENSHOTS.mkdir(exist_ok=True)
        height = self.size[1]
        if whole:
            script = (
                "(document.querySelector('.jp-WindowedPanel-outer') ?? window).scrollTo(0, 0);"
                "const end = document.querySelector('.jp-Notebook-footer');"
                "return end ? end.getBoundingClientRect().bottom + 250"
                " : document.documentElement.scrollHeight"
            )
            height = max(height, min(12_000, self.driver.execute_script(script)))
        self.driver.set_window_size(self.size[0], height)
        self.driver.save_screenshot(str(SCREENSHOTS / f"{name}.png"))
        self.driver.set_window_size(*self.size)
        with Image.open(SCREENSHOTS / f"{name}.png") as image:
            assert len(image.convert("RGB").getcolors(1 << 24)) > 20, f"{name}.png is blank"

    def keep(self, name, content=None):
        """Keep a picture of what is seen in the window, or a file."""
        SCREENSHOTS.mkdir(exist_ok=True)
        if content is None:
            self.driver.save_screenshot(str(SCREENSHOTS / f"{name}.png"))
        else:
            (SCREENSHOTS / name).write_bytes(content)

    def press(self, key):
        """Press a key, whatever has the focus."""
        actions = peer("selenium.webdriver").ActionChains(self.driver)
        actions.send_keys(key).perform()

    def media(self, features):
        """Let the reader want something: {"prefers-color-scheme": "dark"}."""
        wanted = [{"name": name, "value": value} for name, value in features.items()]
        self.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": wanted})

    def phone(self, width, height, *, mobile=True):
        """Let the page have a size that no window has, until `desk`."""
        device = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": mobile}
        self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", device)

    def desk(self):
        """Let the page have the size of its window again."""
        self.driver.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})

    def complaints(self):
        """What the page has written to the console as errors of a script."""
        entries = self.driver.get_log("browser")
        return [e["message"] for e in entries if e["level"] == "SEVERE" and "Error" in e["message"]]

    def open_notebook(self, lab, name):
        """Open a notebook in JupyterLab, and wait for its kernel."""
        self.driver.get(lab.address(name))
        self.one(".jp-Notebook .jp-Cell")
        self._kernel_is_idle()

    def _kernel_is_idle(self):
        def idle():
            for accept in self.all(".jp-Dialog .jp-mod-accept"):  # which kernel?
                accept.click()
            said = self.texts(".jp-StatusBar-TextItem, .jp-StatusBar-Left, #jp-main-statusbar")
            return any("| Idle" in text for text in said)

        until(idle, "the kernel is idle")

    def choose(self, menu, command):
        """Click on an item of the menu bar."""
        bar = ".lm-MenuBar-item"
        until(lambda: [e for e in self.all(bar) if e.text == menu], menu)[0].click()
        self.one(f'.lm-Menu-item[data-command="{command}"]').click()

    def run_all(self):
        """Run all cells of a notebook without outputs through the menu, and wait for the last.

        After an error the others do not run, and have no number.
        """
        self.driver.get_log("browser")  # what was said before is no concern of ours
        self.choose("Run", "runmenu:run-all")

        def done():
            prompts = [p.strip("[]: ") for p in self.texts(".jp-CodeCell .jp-InputPrompt")]
            return prompts and prompts[0].isdigit() and "*" not in prompts

        until(done, "all cells have run", 4 * SECONDS)

    def save(self):
        """Save the notebook through the menu, and wait until that is done."""
        self.choose("File", "docmanager:save")
        until(lambda: not self.all(".lm-TabBar-tab.jp-mod-dirty"), "the notebook is saved")

    def close(self):
        self.driver.quit()
