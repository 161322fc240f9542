import assert from "node:assert/strict";
import { test } from "node:test";
import { makeAsker } from "../src/connection/request_queue.js";

/** A queue, and what it sent and said. */
function queue() {
  const sent = [];
  const late = [];
  const asker = makeAsker({
    send: (content) => sent.push(structuredClone(content)),
    context: () => ({ state: { rate: 0.1 } }),
    onTrouble: (is) => late.push(is),
  });
  return { asker, sent, late };
}

test("one ask is in flight, and the newest value of each field waits behind it", () => {
  const { asker, sent } = queue();
  for (const rate of [1, 2, 3]) asker.ask({ rate });
  asker.ask({ "start.0": 5 });
  assert.equal(sent.length, 1);
  assert.deepEqual(sent[0], { ask: 1, state: { rate: 0.1 }, set: { rate: 1 } });
  assert.ok(asker.heard({ answer: 1 }));
  asker.next();
  assert.deepEqual(sent[1].set, { rate: 3, "start.0": 5 });
  assert.ok(asker.heard({ answer: 2 }));
  asker.next();
  assert.equal(sent.length, 2);
  assert.equal(asker.busy(), false);
  asker.stop();
});

test("fields are set in the order of the reader's last acts", () => {
  const { asker, sent } = queue();
  asker.ask({});
  asker.ask({ problem: "normal" });
  asker.ask({ rate: 1 });
  asker.ask({ problem: "beta" });
  asker.heard({ answer: 1 });
  asker.next();
  assert.deepEqual(Object.entries(sent[1].set), [
    ["rate", 1],
    ["problem", "beta"],
  ]);
  asker.stop();
});

test("an old answer is not heard, and one that nobody asked for is", () => {
  const { asker } = queue();
  asker.ask({ rate: 1 });
  assert.equal(asker.heard({ answer: 7 }), false);
  assert.ok(asker.busy());
  assert.ok(asker.heard({ answer: null }));
  assert.ok(asker.busy());
  asker.stop();
});

test("what was set and is not answered yet is said, the newest value of each field", () => {
  const { asker } = queue();
  assert.deepEqual(asker.wished(), {});
  asker.ask({ derive: "product:1", rate: 1 });
  assert.deepEqual(asker.wished(), { derive: "product:1", rate: 1 });
  asker.ask({ derive: "product:2" });
  assert.deepEqual(asker.wished(), { derive: "product:2", rate: 1 });
  asker.heard({ answer: 1 });
  assert.deepEqual(asker.wished(), { derive: "product:2" }, "an answer takes back nothing newer");
  asker.next();
  asker.ask({}, { base: { reset: true } });
  assert.deepEqual(asker.wished(), {}, "who begins again wishes for nothing of before");
  asker.heard({ answer: 2 });
  asker.next();
  asker.heard({ answer: 3 });
  assert.deepEqual(asker.wished(), {});
  asker.stop();
});

test("a new base forgets what was set before it", () => {
  const { asker, sent } = queue();
  asker.ask({});
  asker.ask({ rate: 1 });
  asker.ask({ steps: 9 }, { base: { reset: true } });
  asker.ask({ damping: 2 });
  asker.heard({ answer: 1 });
  asker.next();
  assert.deepEqual(sent[1], {
    ask: 2,
    state: { rate: 0.1 },
    set: { steps: 9, damping: 2 },
    reset: true,
  });
  asker.stop();
});

test("after a reconnection what was lost is asked again, with what came after it on top", () => {
  const { asker, sent } = queue();
  asker.ask({ rate: 1, steps: 4 });
  asker.ask({ rate: 2 });
  asker.again();
  assert.deepEqual(sent[1].set, { steps: 4, rate: 2 });
  assert.equal(asker.heard({ answer: 1 }), false);
  assert.ok(asker.heard({ answer: 2 }));
  asker.stop();
});

test("a picture is refined only while nothing else is asked", () => {
  const { asker, sent } = queue();
  asker.refine(3);
  assert.equal(sent[0].fine, 3);
  assert.ok(asker.refining());
  assert.equal(asker.busy(), false, "the reader waits for nothing");
  asker.refine(4);
  asker.ask({ rate: 1 });
  assert.equal(sent.length, 1);
  asker.heard({ answer: 1 });
  asker.refine(5);
  assert.equal(sent.length, 1);
  asker.next();
  assert.deepEqual(sent[1].set, { rate: 1 });
  asker.stop();
});

test("a socket that is closed is trouble, and the ask is not lost", () => {
  const late = [];
  const sent = [];
  let open = false;
  const asker = makeAsker({
    send(content) {
      if (!open) throw new Error("closed");
      sent.push(content);
    },
    context: () => ({}),
    onTrouble: (is) => late.push(is),
  });
  asker.ask({ rate: 1 });
  assert.deepEqual(late, [true]);
  open = true;
  asker.again();
  assert.deepEqual(sent[0].set, { rate: 1 });
  asker.heard({ answer: 2 });
  assert.equal(late.at(-1), false);
  asker.stop();
});

test("an answer that is late is said to be so", (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const { asker, late } = queue();
  asker.ask({ rate: 1 });
  t.mock.timers.tick(3999);
  assert.deepEqual(late, []);
  t.mock.timers.tick(1);
  assert.deepEqual(late, [true]);
  asker.stop();
});
