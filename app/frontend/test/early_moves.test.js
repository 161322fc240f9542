import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { listenDrag } from "../src/controls/inputs.js";
import { listenMoves } from "../src/lib/early_moves.js";
import { Element, eventOf } from "./fakes.js";

let element;
beforeEach(() => (element = new Element()));
const say = (type, clientX, clientY = 0) =>
  element.dispatchEvent(eventOf(type, { clientX, clientY }));

test("each place of the pointer is heard once, early where the browser says it early", () => {
  const heard = [];
  const end = listenMoves(element, ({ type, clientX, clientY }) =>
    heard.push([type, clientX, clientY]),
  );
  say("pointerrawupdate", 1);
  say("pointermove", 1);
  say("pointermove", 2);
  say("pointerrawupdate", 2, 5);
  end();
  say("pointerrawupdate", 3);
  say("pointermove", 3);
  assert.deepEqual(heard, [
    ["pointerrawupdate", 1, 0],
    ["pointermove", 2, 0],
    ["pointerrawupdate", 2, 5],
  ]);
});

/** A slider 116 px long, whose thumb takes 16 of them; and the positions that it said. */
function slider() {
  const said = [];
  Object.assign(element, { clientWidth: 116, value: "0.5" });
  listenDrag(element, (position) => said.push(Number(position.toFixed(4))));
  /** The browser's own step: it moves the thumb at a frame. */
  const frame = (clientX, position) => {
    say("pointermove", clientX);
    element.value = String(position);
    element.dispatchEvent(eventOf("input", {}));
  };
  return { said, frame };
}

test("between two frames a slider that is held goes where the pointer leads", () => {
  const { said, frame } = slider();
  say("pointerrawupdate", 40);
  assert.deepEqual(said, [], "it is not held");
  say("pointerdown", 58);
  say("pointerrawupdate", 60);
  assert.deepEqual(said, [], "the browser has not moved it yet");
  frame(60, 0.52);
  say("pointerrawupdate", 70);
  assert.deepEqual(said, [0.52, 0.62]);
  frame(70, 0.6201);
  assert.deepEqual(said, [0.52, 0.62], "it is there already");
  say("pointerrawupdate", 300);
  assert.equal(said.at(-1), 1, "it ends where the slider does");
  frame(300, 0.9);
  assert.equal(said.at(-1), 0.9, "where the browser knows better, the browser counts");
  say("pointerup", 300);
  say("pointerrawupdate", 60);
  assert.equal(said.at(-1), 0.9);
});

test("keys move a slider that is not held, to the same place twice too", () => {
  const { said, frame } = slider();
  frame(0, 0.51);
  frame(0, 0.51);
  assert.deepEqual(said, [0.51, 0.51]);
});
