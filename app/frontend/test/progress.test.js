import assert from "node:assert/strict";
import { test } from "node:test";
import { eventOf, fakeDocument } from "./fakes.js";
import { makeAsker } from "../src/connection/request_queue.js";
import { makeProgress } from "../src/controls/progress.js";

/** A run that grows, and the page's ways to stop it and to take single steps. */
function growing(t) {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const { built } = fakeDocument();
  const sent = [];
  const asker = makeAsker({
    send: (content) => sent.push(content),
    context: () => ({}),
    onTrouble() {},
  });
  const progress = makeProgress({ refine: asker.refine, looked: () => true });
  const button = built.find(({ tag }) => tag === "button");
  const tick = () => t.mock.timers.tick(1000);
  let fine = 0;
  function answer() {
    asker.heard({ answer: sent.at(-1)?.ask ?? null });
    progress.update({ more: ++fine }, false);
    tick();
  }
  const press = () => button.dispatchEvent(eventOf("click", {}));
  const singles = () => sent.filter(({ one }) => one).length;
  answer(); // the first picture
  return { asker, progress, sent, answer, press, singles, tick };
}

test("a step that is pressed while a slice is on its way is taken after it", (t) => {
  const { asker, progress, sent, answer, press, singles } = growing(t);
  assert.equal(sent.length, 1, "it grows by itself");
  press();
  assert.ok(progress.one());
  assert.ok(progress.one());
  assert.equal(singles(), 0, "a slice is on its way");
  answer();
  assert.equal(singles(), 1);
  answer();
  assert.equal(singles(), 2, "each press is a step");
  answer();
  assert.equal(sent.length, 3, "then it stands still");
  asker.stop();
});

test("a run that goes on takes no step that was pressed while it stood", (t) => {
  const { asker, progress, answer, press, singles, sent } = growing(t);
  press();
  progress.one();
  press();
  assert.equal(progress.one(), false, "it goes by itself");
  answer();
  assert.equal(singles(), 0);
  assert.equal(sent.length, 2);
  asker.stop();
});

test("a step that is on its way when the run goes on is no debt", (t) => {
  const { asker, progress, answer, press, singles } = growing(t);
  press();
  answer(); // the last slice: nothing is on its way
  assert.ok(progress.one());
  press();
  for (let i = 0; i < 3; i++) answer();
  press();
  for (let i = 0; i < 3; i++) answer();
  assert.ok(singles() <= 1);
  asker.stop();
});
