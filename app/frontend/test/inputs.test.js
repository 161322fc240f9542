import assert from "node:assert/strict";
import { test } from "node:test";
import { makeFields } from "../src/controls/field_registry.js";
import { numberBox, textBox } from "../src/controls/inputs.js";
import { Element, eventOf, fakeDocument } from "./fakes.js";

/** A box of a kind, what it set, what it refused, and a key pressed in it. */
function box(kind) {
  const set = [];
  const refused = [];
  const { built } = fakeDocument();
  const fields = {
    set: (...change) => set.push(change),
    reject: (_, message) => refused.push(message),
    add() {},
    spot: () => new Element(),
  };
  if (kind === "number") numberBox("rate", fields, new Element(), { label: "rate" });
  else textBox({ field: "rate", label: "rate" }, fields);
  const [element] = built;
  const press = (key, how = {}) => {
    const event = eventOf("keydown", {
      key,
      ...{ shiftKey: false, isComposing: false, keyCode: 13 },
      ...how,
    });
    element.dispatchEvent(event);
    return event.defaultPrevented;
  };
  return { element, press, set, refused };
}

for (const [kind, text, value] of [
  ["number", "１．５", 1.5],
  ["text", "a + b", "a + b"],
]) {
  test(`Enter in a ${kind} box is not accepted while an input method composes`, () => {
    const { element, press, set } = box(kind);
    element.value = text;
    assert.equal(press("Enter", { isComposing: true }), false);
    assert.equal(press("Enter", { keyCode: 229 }), false);
    assert.equal(press("ArrowUp", { isComposing: true }), false, "it walks the candidates");
    assert.deepEqual(set, []);
    press("Enter");
    assert.deepEqual(set, [["rate", value]]);
  });
}

test("of a long paste that cannot be read the message quotes the beginning", () => {
  const { element, press, refused } = box("number");
  element.value = "9".repeat(400);
  press("Enter");
  assert.equal(element.value.length, 400, "what was typed is kept");
  assert.match(refused[0], /^“9{24}…” is not/);
});

test("a text that is too long to be sent is refused beside its box", () => {
  const { element, press, set, refused } = box("text");
  element.value = "长".repeat(30_000);
  press("Enter");
  assert.deepEqual([set, refused], [[], ["this is 90 kB long; at most 60 kB can be sent"]]);
  element.value = "长";
  press("Enter");
  assert.deepEqual(set, [["rate", "长"]]);
});

test("a handle's number takes the place of what was typed and is none", () => {
  fakeDocument();
  globalThis.requestAnimationFrame ??= () => 0;
  const fields = makeFields({ ask() {}, elsewhere() {} });
  const [spot, input] = [fields.spot(), new Element()];
  fields.add("matrix.0.0", [input], { write() {}, spot });
  fields.reject("matrix.0.0", "abc is not a number");
  assert.equal(input.getAttribute("aria-invalid"), "true");
  fields.foresee({ "matrix.:.1": [0, 1] });
  assert.equal(spot.textContent, "abc is not a number", "another column was dragged");
  fields.foresee({ "matrix.:.0": [2, 1] });
  assert.deepEqual([spot.textContent, input.getAttribute("aria-invalid")], ["", null]);
});
