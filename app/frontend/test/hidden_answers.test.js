import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";

/** As much of an element as hiding needs: a place among neighbors, and what is asked of it. */
class Box extends EventTarget {
  hidden = false;
  children = [];
  parent = null;
  classes = new Set();
  classList = {
    add: (name) => this.classes.add(name),
    remove: (name) => this.classes.delete(name),
  };
  focused = 0;

  constructor(tag, data = {}) {
    super();
    this.tag = tag;
    this.data = data;
  }

  setAttribute() {}
  focus() {
    this.focused++;
  }
  matches = (tag) => tag === this.tag;
  append(...boxes) {
    for (const box of boxes) if (box instanceof Box) box.parent = this;
    this.children.push(...boxes);
  }
  at(by) {
    const { children } = this.parent;
    return children[children.indexOf(this) + by] ?? null;
  }
  get previousElementSibling() {
    return this.at(-1);
  }
  get nextElementSibling() {
    return this.at(1);
  }
  remove() {
    if (!this.parent) return;
    this.parent.children.splice(this.parent.children.indexOf(this), 1);
  }
  before(box) {
    if (box.parent) box.remove();
    box.parent = this.parent;
    this.parent.children.splice(this.parent.children.indexOf(this), 0, box);
  }
  get all() {
    return [this, ...this.children.flatMap((box) => (box instanceof Box ? box.all : []))];
  }
  closest(tag) {
    return this.matches(tag) ? this : this.parent.closest(tag);
  }
  querySelector(wanted) {
    const [, kind, name] = /\[data-(\w+)="(.*)"\]/.exec(wanted) ?? [];
    const fits = (box) => (kind ? box.data[kind] === name : box.data.focusable);
    return this.all.find(fits) ?? null;
  }
  querySelectorAll = (wanted) => this.all.filter((box) => box.classes.has(wanted.slice(1)));
}

globalThis.HTMLElement = Box;
globalThis.document = { createElement: (tag) => new Box(tag), documentElement: { lang: "en" } };
const { hideAnswers, hideLine } = await import("../src/controls/hidden_answers.js");

let words, claims, seen;

/** A list of claims a, b, c, d, and a derivation below it. */
beforeEach(() => {
  seen = [];
  words = new Box("div");
  const list = new Box("ul");
  words.append(list);
  claims = {};
  for (const name of ["a", "b", "c", "d"]) {
    claims[name] = new Box("li");
    claims[name].append(new Box("span", { claim: name, focusable: true }));
    list.append(claims[name]);
  }
  claims.chain = new Box("section", { derivation: "chain" });
  words.append(claims.chain);
});

const hide = (questions) => hideAnswers(words, questions, (name) => seen.push(name));
const hidden = () => Object.keys(claims).filter((name) => claims[name].hidden);
const places = () => words.all.filter((box) => box.tag === "button").map((box) => box.parent);

test("what answers a question is hidden until that question is answered", () => {
  const { answered } = hide([
    { id: "one", hides: ["a", "derivation.chain", "gone"] },
    { id: "two", hides: ["c"] },
  ]);
  assert.deepEqual(hidden(), ["a", "c", "chain"]);
  assert.ok(claims.a.classes.has("answers"));
  answered("one");
  assert.deepEqual(hidden(), ["c"]);
  assert.equal(places().length, 1);
  answered("one");
  answered("two");
  assert.deepEqual(hidden(), []);
  assert.equal(places().length, 0);
});

test("what answers two questions is hidden until both are answered", () => {
  const { answered } = hide([
    { id: "one", hides: ["a", "b"] },
    { id: "two", hides: ["a"] },
  ]);
  answered("one");
  assert.deepEqual(hidden(), ["a"]);
  answered("two");
  assert.deepEqual(hidden(), []);
});

test("neighbors have one button, which shows them and stands on the first", () => {
  const { answered } = hide([
    { id: "one", hides: ["b", "a"] },
    { id: "two", hides: ["d", "derivation.chain"] },
  ]);
  assert.deepEqual(
    places().map((place) => place.tag),
    ["li", "li", "p"],
  );
  assert.deepEqual(
    places().map((place) => place.at(1)),
    [claims.a, claims.d, claims.chain],
  );
  places()[0].children[0].dispatchEvent(new Event("click"));
  assert.deepEqual(hidden(), ["d", "chain"]);
  assert.equal(claims.a.children[0].focused, 1);
  assert.equal(claims.b.children[0].focused, 0);
  answered("one"); // nothing is left to show
  assert.equal(places().length, 2);
});

test("the button of neighbors stays before the first that is still hidden", () => {
  const { answered } = hide([
    { id: "one", hides: ["a"] },
    { id: "two", hides: ["b"] },
  ]);
  assert.equal(places().length, 1);
  answered("one");
  assert.deepEqual(
    places().map((place) => place.at(1)),
    [claims.b],
  );
  places()[0].children[0].dispatchEvent(new Event("click"));
  assert.equal(claims.b.children[0].focused, 1);
  assert.equal(places().length, 0);
});

test("whatever shows what was hidden says so by name", () => {
  const { answered } = hide([
    { id: "one", hides: ["a", "d"] },
    { id: "two", hides: ["a", "derivation.chain"] },
  ]);
  answered("one");
  assert.deepEqual(seen, ["question.one", "d"]);
  places()[0].children[0].dispatchEvent(new Event("click"));
  assert.deepEqual(seen, ["question.one", "d", "a"]);
});

test("a line is hidden until all that it gives away is shown", () => {
  const { parts, shown } = hideLine("So.", ["a", "question.b"]);
  const [text, place] = parts();
  assert.ok(text.classes.has("unanswered"));
  assert.equal(place.children[0].tag, "button");
  shown("a");
  shown("c"); // which it does not repeat
  assert.deepEqual(parts(), [text, place]);
  shown("question.b");
  assert.deepEqual(parts(), [text]);
  assert.ok(!text.classes.has("unanswered"));
});

test("a line's button shows it and stands on it", () => {
  const { parts, shown } = hideLine("So.", ["a"]);
  const [text, place] = parts();
  place.children[0].dispatchEvent(new Event("click"));
  assert.deepEqual(parts(), [text]);
  assert.equal(text.focused, 1);
  shown("a"); // nothing is left to show: the focus stays where the reader has it
  assert.equal(text.focused, 1);
});

test("a line that answers no open question is not hidden", () => {
  const { parts } = hideLine("So.", []);
  assert.equal(parts().length, 1);
  assert.ok(!parts()[0].classes.has("unanswered"));
});
