import assert from "node:assert/strict";
import { test } from "node:test";
import { makeDragging } from "../src/lib/dragging.js";
import { Element } from "./fakes.js";

/** @param {import("node:test").TestContext} t */
function page(t) {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const root = new Element();
  const screen = new EventTarget();
  for (const name of ["addEventListener", "removeEventListener"]) {
    globalThis[name] = screen[name].bind(screen);
  }
  const ends = [];
  const dragging = makeDragging(root, () => ends.push(dragging.now()));
  return {
    dragging,
    ends,
    say: (type) => root.dispatchEvent(new Event(type)),
    end: (type) => screen.dispatchEvent(new Event(type)),
    pass: (ms) => t.mock.timers.tick(ms),
  };
}

test("a pointer that is held and moves drags until it is let go", (t) => {
  const { dragging, ends, say, end, pass } = page(t);
  say("pointermove");
  assert.equal(dragging.now(), false, "it is not held");
  say("pointerdown");
  assert.equal(dragging.now(), false, "a press is no drag");
  for (let i = 0; i < 20; i++) {
    say("pointermove");
    pass(30);
    assert.equal(dragging.now(), true);
  }
  end("pointerup");
  assert.deepEqual([dragging.now(), ends], [false, [false]]);
  pass(1000);
  assert.equal(ends.length, 1);
});

test("a pointer that is held and stands still rests, until it moves again", (t) => {
  const { dragging, ends, say, end, pass } = page(t);
  say("pointerdown");
  say("pointermove");
  pass(100);
  assert.deepEqual([dragging.now(), ends.length], [false, 1]);
  say("pointermove");
  assert.equal(dragging.now(), true);
  end("pointercancel");
  assert.deepEqual([dragging.now(), ends.length], [false, 2]);
});

test("once stopped it hears nothing", (t) => {
  const { dragging, ends, say, pass } = page(t);
  say("pointerdown");
  say("pointermove");
  dragging.stop();
  say("pointermove");
  pass(1000);
  assert.equal(ends.length, 0);
});
