import assert from "node:assert/strict";
import { test } from "node:test";
import { listenKeys, setSingleKeys } from "../src/session/shortcuts.js";

/** An element that matches these selectors, as far as the keys ask. @param {string[]} is */
const element = (...is) => ({
  matches: (selectors) => selectors.split(/,(?![^(]*\))/).some((one) => is.includes(one.trim())),
  closest: () => null,
  hasAttribute: (name) => is.includes(name),
});

/** A page whose keys are listened to, and what they did. */
function page({ whole = true, presenting = false } = {}) {
  const did = [];
  const acts = new Proxy({}, { get: (_, name) => (key) => void did.push([name, key]) });
  const place = new EventTarget();
  const root = Object.assign(new EventTarget(), { contains: () => true });
  Object.assign(globalThis, { document: Object.assign(place, { body: element("body") }) });
  const stop = listenKeys(root, acts, { whole, presenting: () => presenting });
  const press = (key, target = element("div"), how = {}) => {
    const event = new Event("keydown", { cancelable: true });
    const keys = { ctrlKey: false, metaKey: false, altKey: false, shiftKey: false, ...how };
    for (const [name, value] of Object.entries({ key, target, ...keys })) {
      Object.defineProperty(event, name, { value });
    }
    (whole ? place : root).dispatchEvent(event);
    return event.defaultPrevented;
  };
  return { did, press, stop };
}

test("a key does what the table says, and the browser does not", () => {
  const { did, press } = page();
  assert.ok(press(" "));
  assert.ok(press("3"));
  assert.ok(press("z", undefined, { ctrlKey: true }));
  assert.ok(press("Z", undefined, { ctrlKey: true, shiftKey: true }));
  assert.ok(press("z", undefined, { metaKey: true }));
  assert.deepEqual(did, [
    ["play", " "],
    ["preset", "3"],
    ["undo", "z"],
    ["redo", "Z"],
    ["undo", "z"],
  ]);
});

test("a key with Alt, or with Ctrl that no line has, is left alone", () => {
  const { did, press } = page();
  assert.equal(press("l", undefined, { altKey: true }), false);
  assert.equal(press("l", undefined, { ctrlKey: true }), false);
  assert.equal(press("x"), false);
  assert.deepEqual(did, []);
});

test("what is typed into a box is the box's own", () => {
  const { did, press } = page();
  for (const key of ["3", ",", ".", "l", "0"])
    assert.equal(press(key, element("input.number")), false);
  for (const key of [" ", "l", "?"]) assert.equal(press(key, element("textarea")), false);
  assert.equal(press("z", element("input.number", "data-typing"), { ctrlKey: true }), false);
  assert.deepEqual(did, []);
  assert.ok(press("z", element("input.number"), { ctrlKey: true }));
  assert.ok(press(" ", element("input.number")));
  assert.deepEqual(did, [
    ["undo", "z"],
    ["play", " "],
  ]);
});

test("a space presses a button that has the focus", () => {
  const { did, press } = page();
  assert.equal(press(" ", element("button")), false);
  assert.ok(press("l", element("button")));
  assert.deepEqual(did, [["loop", "l"]]);
});

test("arrows and page keys walk through a talk only while it is shown", () => {
  const before = page();
  assert.equal(before.press("ArrowRight"), false);
  assert.equal(before.press("PageDown"), false);
  const talk = page({ presenting: true });
  assert.ok(talk.press("PageDown", element("input[type=range]")), "before a slider's own");
  assert.equal(talk.press("ArrowRight", element("input[type=range]")), false);
  assert.ok(talk.press("ArrowRight", element("button")));
  assert.ok(talk.press("Escape"));
  assert.deepEqual(
    talk.did.map(([name]) => name),
    ["next", "next", "leave"],
  );
});

test("after it stopped no key is heard", () => {
  const { did, press, stop } = page({ whole: false });
  stop();
  assert.equal(press(" "), false);
  assert.deepEqual(did, []);
});

test("single characters can be turned off, and stay off; other keys act", () => {
  const store = new Map();
  const storage = { getItem: (k) => store.get(k) ?? null, setItem: (k, v) => store.set(k, v) };
  Object.defineProperty(globalThis, "localStorage", { value: storage, configurable: true });
  setSingleKeys(false);
  const { did, press } = page();
  for (const key of ["p", "l", "3", ",", "?"]) assert.equal(press(key), false, key);
  assert.ok(press(" "));
  assert.ok(press("z", undefined, { ctrlKey: true }));
  assert.deepEqual(
    did.map(([name]) => name),
    ["play", "undo"],
  );
  assert.equal(store.size, 1, "remembered");
  setSingleKeys(true);
  assert.ok(press("l"));
});

test("a key of an input method is left alone", () => {
  const { did, press } = page();
  assert.equal(press("l", undefined, { isComposing: true }), false);
  assert.equal(press("l", undefined, { keyCode: 229 }), false);
  assert.deepEqual(did, []);
});
