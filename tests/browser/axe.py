"""What axe-core finds on a page: barriers for those who do not read it by eye, or not well."""

from __future__ import annotations

from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import Page

SCROLLED = "scrollable-region-focusable"
"""The rule of axe-core that what scrolls is reached by keys."""

BY_STYLE = ("color-contrast", SCROLLED)
"""The rules of axe-core that depend on colors and sizes."""

GOOD_STYLES: set[str] = set()
"""The styles of text in which axe-core found no contrast too low, on any page so far."""

ONCE_A_STYLE = """() => {
  const rule = axe._audit.rules.find(({ id }) => id === "color-contrast"), { matches } = rule;
  const letter = (e) => e.namespaceURI.endsWith("MathML") && e.textContent.length === 1;
  const hash = (text) => { // cyrb53
    let [a, b] = [0xdeadbeef, 0x41c6ce57];
    for (let i = 0; i < text.length; i++) {
      a = Math.imul(a ^ text.charCodeAt(i), 2654435761);
      b = Math.imul(b ^ text.charCodeAt(i), 1597334677);
    }
    a = Math.imul(a ^ (a >>> 16), 2246822507) ^ Math.imul(b ^ (b >>> 13), 3266489909);
    b = Math.imul(b ^ (b >>> 16), 2246822507) ^ Math.imul(a ^ (a >>> 13), 3266489909);
    return (4294967296 * (2097151 & b) + (a >>> 0)).toString(36);
  };
  const plain = { backgroundColor: "rgba(0, 0, 0, 0)", backgroundImage: "none", opacity: "1",
    filter: "none", mixBlendMode: "normal" };
  const ground = (style) => Object.keys(plain).flatMap((name) =>
    style[name] === plain[name] ? [] : `${name} ${style[name]}`).join();
  const below = (e) => {
    const { left, top, width, height } = e.getBoundingClientRect();
    const others = document.elementsFromPoint(left + width / 2, top + height / 2);
    return others.map((other) => ground(getComputedStyle(other))).filter(Boolean).join();
  };
  window.styles = {
    begin(good) {
      this.good = new Set(good);
      this.now = new Set();
      this.known = new Map([[null, ""]]);
    },
    grounds(e) { // what the text of an element stands on
      if (this.known.has(e)) return this.known.get(e);
      const style = getComputedStyle(e);
      const placed = ["absolute", "fixed"].includes(style.position) ? below(e) : "";
      const own = ground(style) + placed, above = this.grounds(e.parentElement);
      this.known.set(e, own ? hash(`${above} ${own}`) : above);
      return this.known.get(e);
    },
    of(e) {
      const { color, textShadow, fontSize, fontWeight } = getComputedStyle(e);
      const large = parseFloat(fontSize) >= (fontWeight >= 700 ? 18.66 : 24);
      return hash([this.grounds(e), color, textShadow, large].join());
    },
  };
  const own = (e) => e.matches("input, select, textarea") ||
    [...e.childNodes].some((node) => node.nodeType === Node.TEXT_NODE && node.data.trim());
  rule.matches = (e, ...more) => {
    if (letter(e) || !own(e)) return false;
    const style = styles.of(e);
    if (styles.good.has(style) || styles.now.has(style) || !matches(e, ...more)) return false;
    styles.now.add(style);
    return true;
  };
}"""
"""The contrast of text takes axe-core as long as all other rules together, so it looks at one text
of each style: of one color, of large type or not, on the same backgrounds. Of one character it
never says that its contrast is too low ("shortTextContent"), so it need not compute what lies under
each letter of a formula; nor does it look at what has no text of its own."""

BARRIERS = """async ([within, options, good]) => {
  styles.begin(good);
  const { violations } = await axe.run(within, options);
  const places = violations.flatMap(({ id, nodes }) => nodes.map(({ html }) => [id, html]));
  return [places.map(([id, html]) => `${id}: ${html.slice(0, 120)}`), [...styles.now]];
}"""


def barriers(page: Page, *rules: str, within: str = "html") -> list[str]:
    """What axe-core finds (by these rules only, if any are named), each with the place.

    It looks at the elements ``within``. It is read once a page, and need not fetch style sheets and
    media for itself: there is no medium here.
    """
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE_SCRIPT)
        page.evaluate(ONCE_A_STYLE)
    options = {
        "resultTypes": ["violations"],
        "preload": False,
        **({"runOnly": [*rules]} if rules else {}),
    }
    found, styles = page.evaluate(BARRIERS, [within, options, [*GOOD_STYLES]])
    if not found:
        GOOD_STYLES.update(styles)
    return found
