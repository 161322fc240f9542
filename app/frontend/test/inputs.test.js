import assert from "node:assert/strict";
import { test } from "node:test";
import { numberBox, textBox } from "../src/controls/inputs.js";
import { Element, eventOf, fakeDocument } from "./fakes.js";

/** A box of a kind, what it set, and a key pressed in it. */
function box(kind) {
  const set = [];
  const { built } = fakeDocument();
  const fields = {
    set: (...change) => set.push(change),
    reject() {},
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
  return { element, press, set };
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
