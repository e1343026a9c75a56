"""Firefox over WebDriver BiDi, which it speaks itself: Playwright drives only builds of its own."""

import base64
import json
import os
import shutil
import subprocess
import tempfile
import time
from contextlib import contextmanager, suppress
from pathlib import Path

from browser import NoBrowser

NAMES = ("firefox-esr", "firefox")
PATIENCE = 300  # seconds for one answer; a machine of two cores may have ten other things to do
KEYS = {"Enter": "\ue007", "Space": " ", "ArrowLeft": "\ue012", "ArrowUp": "\ue013",
        "ArrowRight": "\ue014", "ArrowDown": "\ue015"}  # fmt: skip
PREFERENCES = {  # besides those that Firefox sets by itself when it is driven
    "browser.startup.page": 0,
    "browser.startup.homepage_override.mstone": "ignore",
    "browser.tabs.remote.autostart": True,
    "datareporting.policy.dataSubmissionEnabled": False,
    "dom.ipc.processCount": 1,
    "dom.ipc.processPrelaunch.enabled": False,
    "layout.css.prefers-color-scheme.content-override": 1,  # light
}


class Refused(RuntimeError):
    """Firefox answered a command with an error."""


@contextmanager
def firefox():
    """A running Firefox and its one page; NoBrowser where there is none."""
    found = next(filter(None, map(shutil.which, NAMES)), None)
    if found is None:
        raise NoBrowser("no Firefox on this machine (Debian: apt install firefox-esr)")
    from websockets.sync.client import connect

    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        lines = (f"user_pref({json.dumps(k)}, {json.dumps(v)});" for k, v in PREFERENCES.items())
        Path(folder, "user.js").write_text("\n".join(lines), "utf-8")
        command = [found, "--headless", "--profile", folder, "--remote-debugging-port", "0"]
        with Path(folder, "said").open("wb") as said:
            process = subprocess.Popen(
                command, env=os.environ | {"HOME": folder}, stdin=subprocess.DEVNULL,
                stdout=said, stderr=said,
            )  # fmt: skip
        try:
            # no pings: one that is not answered within seconds would end the connection
            with connect(
                address(process, Path(folder)), max_size=None, proxy=None,
                open_timeout=PATIENCE, ping_interval=None,
            ) as socket:  # fmt: skip
                page = Page(socket)
                yield page
                with suppress(Exception):  # it may close before it answers
                    page.call("browser.close")
        finally:
            process.terminate()
            process.wait(PATIENCE)


def address(process, folder):
    """Where it listens: it says so in its profile when it is ready."""
    for _ in range(20 * PATIENCE):
        with suppress(FileNotFoundError, ValueError):
            told = json.loads((folder / "WebDriverBiDiServer.json").read_text("utf-8"))
            return f"ws://{told['ws_host']}:{told['ws_port']}/session"
        if process.poll() is not None:
            break
        time.sleep(0.05)
    raise RuntimeError(f"Firefox did not start: {(folder / 'said').read_text('utf-8')[-500:]}")


class Page:
    """A page from file://, with what it complained of and what it asked other hosts for."""

    def __init__(self, socket):
        self.socket, self.asked = socket, 0
        self.errors, self.requests = [], []
        self.call("session.new", capabilities={})
        self.call("session.subscribe", events=["log.entryAdded", "network.beforeRequestSent"])
        # not the window that Firefox opens by itself: it has no focus, and no button answers Enter
        self.context = self.call("browsingContext.create", type="tab")["context"]

    def call(self, method, **params):
        """The result of one command; what happened meanwhile is kept in errors and requests."""
        self.asked += 1
        self.socket.send(json.dumps({"id": self.asked, "method": method, "params": params}))
        while True:
            told = json.loads(self.socket.recv(timeout=PATIENCE))
            if told["type"] == "event":
                self._heard(told["method"], told["params"])
            elif told["id"] == self.asked:
                if told["type"] == "error":
                    raise Refused(f"{method}: {told['message']}")
                return told["result"]

    def _heard(self, method, params):
        if method == "log.entryAdded" and params["level"] == "error":
            self.errors.append(params["text"])
        elif method == "network.beforeRequestSent":
            url = params["request"]["url"]
            if not url.startswith(("file:", "data:", "blob:", "about:")):
                self.requests.append(url)

    def open(self, path, *, width=1300):
        """Load a file in a window of this width and wait until it has loaded everything."""
        self.resize(width)
        self.errors.clear()
        self.requests.clear()
        uri = Path(path).absolute().as_uri()
        self.call("browsingContext.navigate", context=self.context, url=uri, wait="complete")

    def resize(self, width):
        """Give the window another width."""
        size = {"width": width, "height": 900}
        self.call("browsingContext.setViewport", context=self.context, viewport=size)

    def evaluate(self, script, *given):
        """What an expression is, or what a function returns for values; promises are awaited."""
        if given:
            script = f"({script})(...{json.dumps(given)})"
        done = self.call(
            "script.evaluate",
            expression=f"Promise.resolve({script}).then((v) => JSON.stringify(v))",
            target={"context": self.context},
            awaitPromise=True,
        )
        if done["type"] == "exception":
            raise Refused(done["exceptionDetails"]["text"])
        return json.loads(done["result"].get("value", "null"))

    def press(self, key):
        """Press a key of ``KEYS``, or a letter, where the focus is."""
        value = KEYS.get(key, key)
        actions = [{"type": kind, "value": value} for kind in ("keyDown", "keyUp")]
        keyboard = {"type": "key", "id": "keyboard", "actions": actions}
        self.call("input.performActions", context=self.context, actions=[keyboard])

    def screenshot(self):
        """What the window shows, as PNG."""
        told = self.call("browsingContext.captureScreenshot", context=self.context)
        return base64.b64decode(told["data"])

    def pdf(self):
        """The page on paper."""
        return base64.b64decode(self.call("browsingContext.print", context=self.context)["data"])
