#!/usr/bin/env python3
"""Opens pages in headless Chromium and lists their faults; see README.md in this folder."""

import argparse
import base64
import pathlib
import sys

# The folder belongs to the repository; no compiled copies in it.
sys.dont_write_bytecode = True

from browser import Browser, BrowserError  # noqa: E402

SCRIPT = (pathlib.Path(__file__).parent / "page_findings.js").read_text()

# Name, width, colour scheme, medium. A4 less margins of 14 mm is 182 mm, 688 px.
VIEWS = [
    ("phone, light", 390, "light", "screen"),
    ("phone, dark", 390, "dark", "screen"),
    ("desktop, light", 1280, "light", "screen"),
    ("desktop, dark", 1280, "dark", "screen"),
    ("print", 688, "light", "print"),
]


def event_findings(events, url):
    """Returns what the browser itself reports about loading and running the page."""
    findings, requests = [], {}
    for event in events:
        name, data = event["method"], event["params"]
        if name == "Network.requestWillBeSent":
            target = data["request"]["url"]
            requests[data["requestId"]] = target
            if target.split("#")[0] != url and not target.startswith("data:"):
                findings.append(f"requested: {target[:120]}")
        elif name == "Network.loadingFailed":
            target = requests.get(data["requestId"], "?")
            findings.append(f"not loaded: {target[:80]} ({data.get('blockedReason') or data['errorText']})")
        elif name == "Runtime.consoleAPICalled" and data["type"] in ("error", "warning", "assert"):
            said = " ".join(str(a.get("value", a.get("description"))) for a in data["args"])
            findings.append(f"console {data['type']}: {said[:200]}")
        elif name == "Runtime.exceptionThrown":
            details = data["exceptionDetails"]
            said = details.get("exception", {}).get("description") or details["text"]
            findings.append(f"exception: {said[:200]}")
        elif name == "Log.entryAdded" and data["entry"]["level"] in ("error", "warning"):
            findings.append(f"log: {data['entry']['text'][:200]}")
    return findings


def check(browser, path, pictures=None):
    """Returns the faults of one page, each with the view in which it shows."""
    url = path.resolve().as_uri()
    findings = []
    for name, width, scheme, medium in VIEWS:
        metrics = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width < 600}
        browser.send("Emulation.setDeviceMetricsOverride", metrics)
        features = [{"name": "prefers-color-scheme", "value": scheme}]
        browser.send("Emulation.setEmulatedMedia", {"media": medium, "features": features})
        # The load event of the blank page must have come, or it would be taken for that of the report.
        for target in ["about:blank", url]:
            browser.events.clear()
            browser.send("Page.navigate", {"url": target})
            browser.wait_for("Page.loadEventFired")
        state = browser.evaluate(
            "document.fonts.ready.then(() => document.readyState + ' ' + location.href.split('#')[0])"
        )
        if state != f"complete {url}":
            raise BrowserError(f"the page is not ready: {state}")
        found = browser.evaluate(SCRIPT)
        for finding in event_findings(browser.events, url) + found:
            findings.append(f"{name}: {finding}")
        if pictures:
            stem = f"{path.stem}-{name.replace(', ', '-')}"
            shot = browser.send("Page.captureScreenshot", {"captureBeyondViewport": True})
            (pictures / f"{stem}.png").write_bytes(base64.b64decode(shot["data"]))
        if medium == "print":
            pdf = base64.b64decode(browser.send("Page.printToPDF", {"preferCSSPageSize": True})["data"])
            if not pdf.startswith(b"%PDF-"):
                findings.append(f"{name}: the page cannot be printed")
            if pictures:
                (pictures / f"{path.stem}.pdf").write_bytes(pdf)
    return findings


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("pages", nargs="*", type=pathlib.Path, metavar="PAGE.html")
    parser.add_argument("--self-test", action="store_true", help="show that every fault is found")
    parser.add_argument("--pictures", type=pathlib.Path, metavar="FOLDER", help="keep screenshots and the PDF")
    arguments = parser.parse_args()
    if not arguments.pages and not arguments.self_test:
        parser.error("give a page, or --self-test")
    missing = [str(page) for page in arguments.pages if not page.is_file()]
    if missing:
        parser.error(f"no such file: {', '.join(missing)}")
    if arguments.pictures:
        arguments.pictures.mkdir(parents=True, exist_ok=True)
    failed = False
    try:
        with Browser() as browser:
            if arguments.self_test:
                import self_test

                failed |= not self_test.run(lambda path: check(browser, path))
            for page in arguments.pages:
                findings = check(browser, page, arguments.pictures)
                failed |= bool(findings)
                print(f"{page}: {len(findings)} findings")
                for finding in findings:
                    print(f"  {finding}")
    except BrowserError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
