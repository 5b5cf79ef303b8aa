// Returns a list of faults of the page as it is shown. Evaluated by check_report.py; changes nothing.
(() => {
  const TOLERANCE_PX = 0.75;
  const SMALLEST_PX = 6;
  const LOWEST_CONTRAST = 4.5;
  const findings = [];
  const short = (text) => JSON.stringify(text.trim().replace(/\s+/g, " ").slice(0, 60));

  // How far the ink of a text reaches above and below its baseline, and how high its line box is.
  const pen = document.createElement("canvas").getContext("2d");
  const ink = (style, text, size) => {
    pen.font = `${style.fontStyle} ${style.fontWeight} ${size ?? style.fontSize} ${style.fontFamily}`;
    const m = pen.measureText(text);
    return {
      above: m.actualBoundingBoxAscent,
      below: Math.max(m.actualBoundingBoxDescent, 0),
      ascent: m.fontBoundingBoxAscent,
      line: m.fontBoundingBoxAscent + m.fontBoundingBoxDescent,
    };
  };

  const isShown = (element) =>
    element.checkVisibility({ visibilityProperty: true, opacityProperty: true, contentVisibilityAuto: true });

  // The nearest box that cuts what leaves it.
  const scrollerOf = (element) => {
    for (let e = element; e && e !== document.body; e = e.parentElement) {
      if (!(e instanceof SVGElement) && getComputedStyle(e).overflowX !== "visible") return e;
    }
    return null;
  };

  const pieces = []; // {text, left, top, right, bottom, scroller}
  const add = (text, left, top, right, bottom, scroller, owner) => {
    if (right > 0 && right - left > 0.1 && bottom - top > 0.1) {
      pieces.push({ text, left, top, right, bottom, scroller, owner });
    }
  };

  // Colour of the nearest opaque background.
  const rgb = (colour) => (colour.match(/[\d.]+/g) ?? []).map(Number);
  const backgroundOf = (element) => {
    for (let e = element; e; e = e.parentElement) {
      const [r, g, b, alpha = 1] = rgb(getComputedStyle(e).backgroundColor);
      if (alpha === 1) return [r, g, b];
    }
    return [255, 255, 255];
  };
  const luminance = (colour) => {
    const [r, g, b] = colour.map((c) => (c / 255 <= 0.04045 ? c / 255 / 12.92 : ((c / 255 + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const contrast = (one, other) => {
    const [dark, light] = [luminance(one), luminance(other)].sort((a, b) => a - b);
    return (light + 0.05) / (dark + 0.05);
  };

  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    const parent = node.parentElement;
    if (!node.data.trim() || parent.closest("svg, script, style, noscript, template") || !isShown(parent)) continue;
    const style = getComputedStyle(parent);
    const reach = ink(style, node.data.trim());
    const range = document.createRange();
    range.selectNodeContents(node);
    let visible = false;
    for (const box of range.getClientRects()) {
      // The box is as high as the font's ascent and descent; ink is less.
      const baseline = box.top + (box.height - reach.line) / 2 + reach.ascent;
      add(node.data, box.left, baseline - reach.above, box.right, baseline + reach.below, scrollerOf(parent), node);
      visible ||= box.right > 0;
    }
    if (!visible) continue;
    const size = parseFloat(style.fontSize);
    if (size < SMALLEST_PX) findings.push(`text too small, ${size} px: ${short(node.data)}`);
    const ratio = contrast(rgb(style.color).slice(0, 3), backgroundOf(parent));
    if (ratio < LOWEST_CONTRAST) findings.push(`contrast ${ratio.toFixed(2)}: ${short(node.data)}`);
  }

  for (const element of document.querySelectorAll("svg text")) {
    if (!element.textContent.trim() || !isShown(element)) continue;
    const style = getComputedStyle(element);
    const toScreen = element.getScreenCTM();
    const scale = Math.hypot(toScreen.a, toScreen.b);
    const size = parseFloat(style.fontSize);
    if (size * scale < SMALLEST_PX - 0.05) {
      findings.push(`text too small, ${(size * scale).toFixed(1)} px: ${short(element.textContent)}`);
    }
    const frame = element.ownerSVGElement.getBoundingClientRect();
    const spaced = element.x.baseVal.numberOfItems > 1;
    const parts = [];
    if (spaced) {
      for (let i = 0; i < element.getNumberOfChars(); i++) {
        const box = element.getExtentOfChar(i);
        parts.push([element.textContent[i], box.x, box.width, element.getStartPositionOfChar(i).y]);
      }
    } else {
      const box = element.getBBox();
      parts.push([element.textContent, box.x, box.width, element.getStartPositionOfChar(0).y]);
    }
    for (const [text, x, width, baseline] of parts) {
      const reach = ink(style, text, `${size}px`);
      const corners = [
        [x, baseline - reach.above],
        [x + width, baseline - reach.above],
        [x, baseline + reach.below],
        [x + width, baseline + reach.below],
      ].map(([px, py]) => new DOMPoint(px, py).matrixTransform(toScreen));
      const [left, right] = [Math.min(...corners.map((c) => c.x)), Math.max(...corners.map((c) => c.x))];
      const [top, bottom] = [Math.min(...corners.map((c) => c.y)), Math.max(...corners.map((c) => c.y))];
      add(text, left, top, right, bottom, scrollerOf(element.ownerSVGElement), element);
      const beyond = Math.max(frame.left - left, right - frame.right, frame.top - top, bottom - frame.bottom);
      if (beyond > TOLERANCE_PX) findings.push(`text leaves its figure by ${beyond.toFixed(1)} px: ${short(text)}`);
    }
  }

  // What is outside its scrolling box is not seen; inside one box all text must be free of overlap.
  const cut = (piece) => {
    if (!piece.scroller) return piece;
    const box = piece.scroller.getBoundingClientRect();
    return {
      left: Math.max(piece.left, box.left),
      right: Math.min(piece.right, box.right),
      top: Math.max(piece.top, box.top),
      bottom: Math.min(piece.bottom, box.bottom),
    };
  };
  pieces.sort((a, b) => a.top - b.top);
  for (let i = 0; i < pieces.length; i++) {
    for (let j = i + 1; j < pieces.length && pieces[j].top < pieces[i].bottom; j++) {
      const same = pieces[i].scroller === pieces[j].scroller;
      const [a, b] = same ? [pieces[i], pieces[j]] : [cut(pieces[i]), cut(pieces[j])];
      const width = Math.min(a.right, b.right) - Math.max(a.left, b.left);
      const height = Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top);
      if (width > TOLERANCE_PX && height > TOLERANCE_PX) {
        const by = `${width.toFixed(1)} x ${height.toFixed(1)} px`;
        findings.push(`text overlaps by ${by}: ${short(pieces[i].text)} and ${short(pieces[j].text)}`);
      }
    }
  }

  const root = document.scrollingElement;
  if (root.scrollWidth > root.clientWidth) {
    const wide = [...document.body.querySelectorAll("*")]
      .filter((e) => e.getBoundingClientRect().right > root.clientWidth + 1 && !scrollerOf(e.parentElement))
      .map((e) => `<${e.tagName.toLowerCase()}> ${short(e.textContent)}`);
    findings.push(`page is ${root.scrollWidth - root.clientWidth} px wider than the window: ${wide[0] ?? ""}`);
  }

  for (const image of document.images) {
    if (!image.complete || image.naturalWidth === 0) findings.push(`image not loaded: ${image.src.slice(0, 80)}`);
  }
  for (const face of document.fonts) {
    if (face.status === "error") findings.push(`font not loaded: ${face.family} ${face.weight}`);
  }
  const ids = [...document.querySelectorAll("[id]")].map((e) => e.id);
  for (const id of new Set(ids.filter((id, at) => ids.indexOf(id) !== at))) findings.push(`id used twice: ${id}`);
  for (const link of document.querySelectorAll('a[href^="#"]')) {
    const id = decodeURIComponent(link.getAttribute("href").slice(1));
    if (!document.getElementById(id)) findings.push(`link leads nowhere: #${id}`);
  }
  if (pieces.length === 0) findings.push("page shows no text");
  return findings;
})()
