import assert from "node:assert/strict";
import { afterEach, test } from "node:test";
import { fetchWords, setLanguage } from "../src/i18n/language.js";
import { spoken } from "../src/lib/mathml_text.js";

const text = (data) => ({ textContent: data, childNodes: [] });

/** An element as the browser has it. A string among its parts is text. */
function h(localName, ...parts) {
  const childNodes = parts.map((part) => (typeof part === "string" ? text(part) : part));
  const textContent = childNodes.map((part) => part.textContent).join("");
  return { localName, childNodes, textContent, getAttribute: () => null };
}
const upright = (letter) => ({ ...h("mi", letter), getAttribute: () => "normal" });
const [mi, mo, mn] = ["mi", "mo", "mn"].map((name) => (value) => h(name, value));
const row = (...parts) => h("mrow", ...parts);
const said = (...parts) => spoken(h("a", "so ", h("math", row(...parts)), h("b", "."), ""));

afterEach(() => setLanguage("en"));

for (const [words, parts] of [
  ["so A transposed F A.", [h("msup", mi("A"), row(mo("⊤"))), mi("F"), mi("A")]],
  ["so F inverse.", [h("msup", mi("F"), row(mo("−"), mn("1")))]],
  ["so A inverse transposed.", [h("msup", mi("A"), row(mo("−"), mo("⊤")))]],
  ["so 10 to the power minus 4.", [h("msup", mn("10"), row(mo("−"), mn("4")))]],
  ["so minus α gradient of J.", [mo("−"), mi("α"), mo("∇"), mi("J")]],
  ["so s sub 1 squared.", [h("msubsup", mi("s"), mn("1"), mn("2"))]],
  ["so 1 over the square root of 2.", [h("mfrac", mn("1"), h("msqrt", mn("2")))]],
  ["so KL (p, q).", [row(upright("K"), upright("L")), mo("("), mi("p"), mo(","), mi("q"), mo(")")]],
  ["so x becomes θ hat.", [mi("x"), mo("←"), h("mover", mi("θ"), mo("^"))]],
  ["so 1, 2; 3, 4.", [h("mtable", ...[1, 3].map((n) => h("mtr", mn(`${n}`), mn(`${n + 1}`))))]],
]) {
  test(`mathematics is said in words: ${words}`, () => assert.equal(said(...parts), words));
}

test("it is said in the page's language, and an annotation not at all", async () => {
  await fetchWords("zh");
  setLanguage("zh");
  const power = h("msup", mi("A"), mo("⊤"));
  assert.equal(said(power, h("annotation", "A^{\\top}")), "so A 的转置.");
});

test("a text without mathematics stays as it is", () => {
  assert.equal(spoken(h("p", "a ", h("em", "plain"), " text")), "a plain text");
});
