// A derivation: closed at first, it unfolds line by line. Each line has its reason and, at the state
// on the screen, the numbers of both of its sides. How far it is unfolded is part of the state, so
// that a link, an undo and a talk have it too.

import { freshId, make, setAttribute, setText } from "../lib/dom.js";
import { say } from "../i18n/en.js";

/** @typedef {import("../protocol").DerivationData} DerivationData */

/**
 * How a state says what is unfolded: the derivation's id and the number of its lines.
 *
 * @param {string} [text]
 */
function readUnfolded(text = "") {
  const [id, lines] = text.split(":");
  return { id, lines: Number(lines ?? 0) };
}

/**
 * A line as HTML: its formula, the numbers of both sides, its reason.
 *
 * @param {DerivationData["lines"][number]} line
 */
export const lineHtml = ({ html, numbers, say: reason }) =>
  `<span class="typeset">${html}</span><span class="typeset sides">${numbers}</span>` +
  `<span class="reason">${reason}</span>`;

/**
 * @param {DerivationData} derivation
 * @param {object} page
 * @param {AskFor} page.ask
 * @param {(styles: string[]) => void} page.light
 * @param {(line: HTMLElement) => void} page.written a line stands on the page now, with what is in it
 */
export function makeDerivation({ id, title, condition, lines }, { ask, light, written }) {
  const head = make("button", { type: "button", class: "derive", "aria-expanded": "false" });
  head.innerHTML = `<b>${say("derive")}</b> ${title}`;
  const holds = make("p", { class: "condition" });
  holds.innerHTML = `<b>${say("condition")}</b> ${condition} <b></b>`;
  const here = /** @type {HTMLElement} */ (holds.lastChild); // what is not so in this state
  // A line is typeset when it is first shown: of many a page's elements every third is in one.
  const items = lines.map((line) => make("li", { "data-line": line.id, hidden: true }));
  const next = make("button", { type: "button", class: "chip next-line" }, say("next-line"));
  const body = make(
    "div",
    { id: freshId("derivation"), class: "unfolded", hidden: true },
    holds,
    make("ol", { "aria-live": "polite" }, ...items),
    next,
  );
  head.setAttribute("aria-controls", body.id);
  const box = make("div", { class: "derivation", "data-derivation": id }, head, body);
  let count = 0;

  /** @param {number} wanted */
  function unfold(wanted) {
    const now = Math.max(0, Math.min(lines.length, wanted));
    if (now === count) return;
    count = now;
    setAttribute(head, "aria-expanded", count > 0);
    body.hidden = count === 0;
    items.forEach((item, i) => {
      if (i < count && !item.firstChild) {
        item.innerHTML = lineHtml(lines[i]);
        written(item);
      }
      item.hidden = i >= count;
      item.classList.toggle("newest", i === count - 1);
    });
    next.hidden = count === lines.length;
    light(count ? lines[count - 1].lights : []);
  }
  /** @param {number} wanted */
  function go(wanted) {
    if (wanted === lines.length && document.activeElement === next) head.focus();
    ask({ derive: wanted ? `${id}:${wanted}` : "" }, { act: "derive" });
    unfold(wanted); // The answer brings the numbers; the words need not wait for it.
  }
  head.addEventListener("click", () => go(count ? 0 : 1));
  next.addEventListener("click", () => {
    go(count + 1);
    (next.hidden ? items[count - 1] : next).scrollIntoView({ block: "nearest" });
  });

  return {
    id,
    box,
    /** The next line, if it is open and has one more. */
    next() {
      if (!count || count === lines.length) return false;
      go(count + 1);
      (next.hidden ? items[count - 1] : next).scrollIntoView({ block: "nearest" });
      return true;
    },
    /**
     * @param {string | undefined} unfolded what the state says
     * @param {Answer["numbers"]} [numbers] of both sides of its lines, and the signs that are not =
     */
    update(unfolded, numbers = {}) {
      const { id: open, lines: wanted } = readUnfolded(unfolded);
      unfold(open === id ? wanted : 0);
      const own = Object.entries(numbers).filter(([name]) => name.startsWith(`derive.${id}.`));
      const fails = own.some(([name, value]) => value && name.endsWith(".sign"));
      const none = own.length > 0 && own.every(([, value]) => value === null);
      setText(here, fails ? say("fails-here") : none ? say("no-numbers") : "");
    },
  };
}
