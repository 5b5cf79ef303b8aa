"""Chromium over its debugging pipe, with the standard library only.

Messages are JSON objects, each followed by a zero byte: commands go to file descriptor 3 of the browser, answers and
events come from file descriptor 4 (Chrome DevTools Protocol, flag --remote-debugging-pipe).
"""

import json
import os
import select
import shutil
import subprocess
import tempfile
import time

FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-default-apps",
    "--disable-extensions",
    "--hide-scrollbars",
    "--host-resolver-rules=MAP * ~NOTFOUND",
    "--remote-debugging-pipe",
]


class BrowserError(Exception):
    """The browser is missing, ended, or did not answer."""


def find_chromium():
    """Returns the path of a Chromium, or raises BrowserError."""
    for name in [os.environ.get("CHROMIUM"), "chromium", "chromium-browser", "google-chrome"]:
        path = name and shutil.which(name)
        if path:
            return path
    raise BrowserError("no Chromium found; install the package `chromium` or set CHROMIUM to its path")


class Browser:
    """A headless browser with one page and an empty profile; a context manager."""

    def __enter__(self):
        self.profile = tempfile.mkdtemp(prefix="check_report_")
        to_browser, self.commands = os.pipe()
        self.answers, from_browser = os.pipe()

        def connect():
            # Through high numbers first: a pipe end may itself be 3 or 4.
            reading, writing = os.dup(to_browser), os.dup(from_browser)
            high = max(reading, writing, 20)
            os.dup2(reading, high + 1)
            os.dup2(writing, high + 2)
            os.dup2(high + 1, 3)
            os.dup2(high + 2, 4)

        command = [find_chromium(), *FLAGS, f"--user-data-dir={self.profile}", "about:blank"]
        self.log = open(os.path.join(self.profile, "stderr.txt"), "w+b")
        self.process = subprocess.Popen(
            command, stdout=self.log, stderr=self.log, preexec_fn=connect, close_fds=False
        )
        os.close(to_browser)
        os.close(from_browser)
        self.buffer = b""
        self.events = []
        self.next_id = 1
        self.session = None
        target = self.send("Target.createTarget", {"url": "about:blank"})["targetId"]
        self.session = self.send("Target.attachToTarget", {"targetId": target, "flatten": True})["sessionId"]
        for domain in ["Page", "Network", "Runtime", "Log"]:
            self.send(f"{domain}.enable")
        return self

    def __exit__(self, *_):
        try:
            self.session = None
            self.send("Browser.close")
        except BrowserError:
            pass
        try:
            self.process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        os.close(self.commands)
        os.close(self.answers)
        self.log.close()
        shutil.rmtree(self.profile, ignore_errors=True)

    def _message(self, timeout_s):
        end = time.monotonic() + timeout_s
        while b"\0" not in self.buffer:
            left = end - time.monotonic()
            ready, _, _ = select.select([self.answers], [], [], max(left, 0))
            data = os.read(self.answers, 1 << 20) if ready else b""
            if not data:
                self.log.seek(0)
                said = self.log.read().decode(errors="replace").strip().splitlines()[-5:]
                why = "ended" if ready else f"did not answer within {timeout_s} s"
                raise BrowserError("\n".join([f"the browser {why}", *said]))
            self.buffer += data
        message, self.buffer = self.buffer.split(b"\0", 1)
        return json.loads(message)

    def send(self, method, parameters=None, timeout_s=60):
        """Sends a command and returns its result; events that come before it are kept."""
        message = {"id": self.next_id, "method": method, "params": parameters or {}}
        if self.session:
            message["sessionId"] = self.session
        self.next_id += 1
        os.write(self.commands, json.dumps(message).encode() + b"\0")
        while True:
            answer = self._message(timeout_s)
            if answer.get("id") == message["id"]:
                if "error" in answer:
                    raise BrowserError(f"{method}: {answer['error'].get('message')}")
                return answer["result"]
            if "method" in answer:
                self.events.append(answer)

    def wait_for(self, method, timeout_s=60):
        """Waits for an event of this name."""
        while not any(event["method"] == method for event in self.events):
            answer = self._message(timeout_s)
            if "method" in answer:
                self.events.append(answer)

    def evaluate(self, expression):
        """Returns the value of a JavaScript expression, which may be a promise."""
        parameters = {"expression": expression, "returnByValue": True, "awaitPromise": True}
        result = self.send("Runtime.evaluate", parameters)
        if "exceptionDetails" in result:
            details = result["exceptionDetails"]
            raise BrowserError(details.get("exception", {}).get("description") or details["text"])
        return result["result"].get("value")
