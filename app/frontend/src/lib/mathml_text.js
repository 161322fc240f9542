// Mathematics as words, for the names of buttons and of what else is read aloud: there a screen
// reader finds text only.

import { say } from "../i18n/en.js";

/** @typedef {Node & { localName?: string, getAttribute?: (name: string) => string | null }} Part */

/** Exponents that have a name of their own. @type {Record<string, string>} */
const POWERS = {
  2: "squared",
  3: "cubed",
  "-1": "inverse",
  "⊤": "transposed",
  "-⊤": "inverse-transposed",
  "*": "star",
};

/** @type {Record<string, string>} */
const ACCENTS = { "^": "hat", "~": "tilde", "―": "bar", "¯": "bar", "˙": "dot" };

/** Signs that screen readers pass over, or read by the names of their letters. */
const SIGNS = new Set("∇∂←→≤≥≠≈∝∑∫−·×⊗∞∠");

/** @param {Part | undefined} node */
const bare = (node) => (node?.textContent ?? "").trim().replace("−", "-").replace("∗", "*");

/** @param {Part} node */
const partsOf = (node) => /** @type {Part[]} */ ([...node.childNodes]);

/** @param {string} base @param {Part} exponent */
function power(base, exponent) {
  const name = POWERS[bare(exponent)];
  if (name) return say(`math-${name}`, { a: base });
  return say("math-power", { a: base, b: term(exponent) });
}

/** Parts in a row; letters set upright are one word. @param {Part} node */
function row(node) {
  let text = "";
  let upright = false;
  for (const part of partsOf(node)) {
    const letter = part.localName === "mi" && part.getAttribute?.("mathvariant") === "normal";
    text += letter && upright ? term(part) : ` ${term(part)}`;
    upright = letter;
  }
  return text;
}

/** @type {Record<string, (node: Part, parts: Part[]) => string>} */
const TERMS = {
  annotation: () => "",
  mspace: () => "",
  mfrac: (_, [a, b]) => say("math-over", { a: term(a), b: term(b) }),
  msqrt: (node) => say("math-root", { a: row(node) }),
  msub: (_, [a, b]) => say("math-sub", { a: term(a), b: term(b) }),
  msup: (_, [a, b]) => power(term(a), b),
  msubsup: (_, [a, b, c]) => power(say("math-sub", { a: term(a), b: term(b) }), c),
  mover(_, [a, b]) {
    const name = ACCENTS[bare(b)];
    return name ? say(`math-${name}`, { a: term(a) }) : term(a);
  },
  mtable: (_, rows) => rows.map((line) => partsOf(line).map(term).join(", ")).join("; "),
  mo: (node) => signs(bare(node)),
  mi: (node) => signs(bare(node)),
  mtext: (node) => ` ${node.textContent} `,
};

/** @param {string} text */
const signs = (text) => (SIGNS.has(text.replace("-", "−")) ? say(`math-${text}`) : text);

/**
 * @param {Part} node
 * @returns {string}
 */
function term(node) {
  const said = TERMS[node.localName ?? ""];
  if (said) return said(node, partsOf(node));
  return node.childNodes.length ? row(node) : (node.textContent ?? "");
}

/**
 * @param {Part} node
 * @returns {string}
 */
function words(node) {
  if (node.localName === "math") return ` ${row(node)} `;
  if (!node.childNodes.length) return node.textContent ?? "";
  return partsOf(node).map(words).join("");
}

/**
 * What an element says, with its mathematics as words.
 *
 * @param {Node} node
 */
export const spoken = (node) =>
  words(node)
    .replace(/\s+/g, " ")
    .replace(/ ([,.;:!?)，。；：、？！）])/g, "$1")
    .replace(/([(（]) /g, "$1")
    .trim();
