"""Pages with one fault each: the check must find the fault, and nothing in the page without faults."""

import pathlib
import tempfile

GOOD = "<h1>Title</h1><p>Some text with <a href='#a'>a link</a>.</p><p id='a'>Target.</p>"
SVG = "<svg xmlns='http://www.w3.org/2000/svg' width='200' height='60' viewBox='0 0 200 60'>{}</svg>"
GOOD_SVG = SVG.format(
    "<title>t</title><text x='10' y='20' font-size='11'>above</text><text x='10' y='34' font-size='11'>below</text>"
    "<text x='10 30 50' y='50' font-size='11'>ACG</text>"
)

# Name, body, and what the findings must say.
FAULTS = [
    (
        "svg_overlap",
        SVG.format("<text x='10' y='20' font-size='11'>one text</text><text x='30' y='24' font-size='11'>two</text>"),
        "text overlaps",
    ),
    ("svg_letters", SVG.format("<text x='10 12 14' y='50' font-size='11'>ACG</text>"), "text overlaps"),
    (
        "svg_turned",
        SVG.format(
            "<text x='20' y='55' font-size='11' transform='rotate(-90 20 55)'>turned</text>"
            "<text x='0' y='35' font-size='11'>across</text>"
        ),
        "text overlaps",
    ),
    ("html_overlap", "<p>first line</p><p style='margin-top:-30px'>second line</p>", "text overlaps"),
    (
        "scrolled_overlap",
        "<div style='overflow-x:auto'><div style='width:4000px;position:relative;height:40px'>"
        "<span style='position:absolute;left:3000px'>hidden one</span>"
        "<span style='position:absolute;left:3010px'>hidden two</span></div></div>",
        "text overlaps",
    ),
    ("svg_cut", SVG.format("<text x='180' y='20' font-size='11'>leaves the figure</text>"), "text leaves its figure"),
    ("too_wide", "<div style='width:1500px'>wide</div>", "wider than the window"),
    ("small", "<p style='font-size:5px'>small print</p>", "text too small"),
    ("pale", "<p style='color:#bbb'>pale</p>", "contrast"),
    ("dead_link", "<a href='#nowhere'>link</a>", "link leads nowhere"),
    ("two_ids", "<p id='a'>one</p><p id='a'>two</p>", "id used twice"),
    ("console", "<p>text</p><script>console.error('broken')</script>", "console error: broken"),
    ("exception", "<p>text</p><script>undefinedFunction()</script>", "exception"),
    ("network", "<p>text</p><img alt='' src='https://example.org/a.png'>", "requested: https://example.org/a.png"),
    ("missing_file", "<p>text</p><img alt='' src='missing.png'>", "not loaded"),
    ("font", "<style>@font-face{font-family:x;src:url(data:font/ttf;base64,AAAA)} p{font-family:x}</style><p>t</p>", "font"),
    (
        "forbidden",
        "<meta http-equiv='Content-Security-Policy' content=\"script-src 'none'\"><p>t</p><script>1</script>",
        "log: ",
    ),
    ("empty", "", "no text"),
]


def page(body):
    return (
        "<!doctype html><html lang='en'><head><meta charset='utf-8'><title>t</title>"
        "<meta name='viewport' content='width=device-width, initial-scale=1'><link rel='icon' href='data:,'>"
        f"</head><body style='background:#fff;color:#000'>{body}</body></html>"
    )


def run(check):
    """Returns whether all faults are found; prints one line each."""
    passed = True
    with tempfile.TemporaryDirectory() as folder:
        for name, body, expected in [("good", GOOD + GOOD_SVG, None), *FAULTS]:
            path = pathlib.Path(folder) / f"{name}.html"
            path.write_text(page(body))
            findings = check(path)
            right = not findings if expected is None else any(expected in finding for finding in findings)
            passed &= right
            print(f"self-test {name}: {'ok' if right else 'NOT FOUND: ' + str(expected)}")
            if not right:
                for finding in findings:
                    print(f"  {finding}")
    return passed
