// Mathematics as a line of text, for the names of buttons: not every reader of names reads MathML.

const SIGNS = { msup: "^", msub: "_", mfrac: "/" };

export function spoken(node) {
  if (node.nodeType === 3) return node.data;
  if (node.localName === "annotation") return "";
  return [...node.childNodes].map(spoken).join(SIGNS[node.localName] ?? "");
}
