// Mathematics as a line of text, for the names of buttons: not every reader of names reads MathML.

/** @type {Record<string, string>} */
const SIGNS = { msup: "^", msub: "_", mfrac: "/" };

/**
 * @param {Node} node
 * @returns {string}
 */
export function spoken(node) {
  if (node instanceof Text) return node.data;
  const { localName } = /** @type {Element} */ (node);
  if (localName === "annotation") return "";
  return [...node.childNodes].map(spoken).join(SIGNS[localName] ?? "");
}
