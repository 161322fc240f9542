import assert from "node:assert/strict";
import { test } from "node:test";
import { numberBox, textBox } from "../src/controls/inputs.js";

/** As much of an element as the boxes use. */
class Element extends EventTarget {
  value = "";
  style = { setProperty() {} };
  classList = { add() {} };
  attributes = new Map();
  setAttribute = (name, value) => void this.attributes.set(name, value);
  getAttribute = (name) => this.attributes.get(name) ?? null;
  hasAttribute = (name) => this.attributes.has(name);
  removeAttribute = (name) => void this.attributes.delete(name);
  toggleAttribute() {}
  append() {}
}

/** A box of a kind, what it set, and a key pressed in it. */
function box(kind) {
  const set = [];
  const made = [];
  const createElement = () => made[made.push(new Element()) - 1];
  Object.assign(globalThis, { document: { createElement, activeElement: null } });
  const fields = {
    set: (...change) => set.push(change),
    reject() {},
    add() {},
    spot: () => new Element(),
  };
  if (kind === "number") numberBox("rate", fields, new Element(), { label: "rate" });
  else textBox({ field: "rate", label: "rate" }, fields);
  const [element] = made;
  const press = (key, how = {}) => {
    const event = new Event("keydown", { cancelable: true });
    const keys = { shiftKey: false, isComposing: false, keyCode: 13, ...how };
    for (const [name, value] of Object.entries({ key, ...keys })) {
      Object.defineProperty(event, name, { value });
    }
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
