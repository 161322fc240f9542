import assert from "node:assert/strict";
import { beforeEach, mock, test } from "node:test";
import { makeAsker } from "../src/connection/request_queue.js";

/** What the clock says; by itself each look at it is later by more than a frame. */
let now = 0;
beforeEach(() => {
  mock.restoreAll();
  mock.method(performance, "now", () => (now += 20));
});

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

test("a picture is refined only while nothing else is asked", (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const { asker, sent } = queue();
  now = 1000; // after the page opened
  asker.refine(3);
  t.mock.timers.tick(0);
  assert.equal(sent[0].fine, 3);
  assert.ok(asker.refining());
  assert.equal(asker.busy(), false, "the reader waits for nothing");
  asker.refine(4);
  asker.ask({ rate: 1 });
  t.mock.timers.tick(1000);
  assert.equal(sent.length, 1);
  asker.heard({ answer: 1 });
  asker.refine(5);
  t.mock.timers.tick(1000);
  assert.equal(sent.length, 1);
  asker.next();
  assert.deepEqual(sent[1].set, { rate: 1 });
  asker.stop();
});

test("a picture is not refined between two moves of a drag, but once the hand rests", (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const { asker, sent } = queue();
  for (const rate of [1, 2, 3]) {
    asker.ask({ rate });
    asker.heard({ answer: rate });
    asker.next();
    asker.refine(7);
    t.mock.timers.tick(40); // the next move comes
  }
  assert.deepEqual(
    sent.map(({ set, fine }) => [set.rate, fine]),
    [1, 2, 3].map((rate) => [rate, undefined]),
  );
  t.mock.timers.tick(150);
  assert.equal(sent[3].fine, 7);
  assert.equal(sent.length, 4);
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

/**
 * A page on a line so long, there and back, which brings an answer in so many ms (`narrow`), before
 * a kernel that works so long on each ask. The reader drags: a new value every 4 ms.
 */
function drag(t, { line, work, ms, narrow = 0 }) {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  let time = 0;
  mock.method(performance, "now", () => time);
  const record = { sent: [], shown: [], flying: 0, most: 0 };
  let [free, came] = [0, 0];
  const asker = makeAsker({
    send({ ask, set, state }) {
      const begins = Math.max(time + line / 2, free);
      free = begins + work;
      record.most = Math.max(record.most, ++record.flying);
      came = Math.max(free + line / 2, came) + narrow;
      record.sent.push({ ask, set, state, at: time, comes: came });
    },
    context: () => ({ state: record.shown.at(-1)?.set ?? {} }),
    onTrouble() {},
  });
  for (let value = 0; time < ms; time++) {
    if (time % 4 === 0) asker.ask({ rate: ++value });
    const answered = record.sent[record.shown.length];
    if (answered && answered.comes <= time) {
      record.flying--;
      asker.heard({ answer: answered.ask, took: work });
      record.shown.push({ ...answered, shown: time, newest: value });
      asker.next();
    }
    t.mock.timers.tick(1);
  }
  asker.stop();
  return record;
}

/** What the second half of a drag showed: pictures a second, and the longest wait for one. */
function settled({ shown }, ms) {
  const half = shown.filter(({ shown }) => shown > ms / 2);
  const waits = half.map(({ at, shown }) => shown - at);
  return { rate: half.length / (ms / 2000), wait: Math.max(...waits) };
}

test("on a long line pictures come four times as often as one ask goes there and back", (t) => {
  const record = drag(t, { line: 200, work: 5, ms: 6000 });
  const { rate, wait } = settled(record, 6000);
  assert.ok(rate > 17 && rate < 21, `${rate} pictures a second`);
  assert.ok(wait < 215, `no ask waits for another: ${wait} ms`);
  assert.equal(record.most, 4);
});

test("on a line of a few frames a picture comes with every frame", (t) => {
  for (const line of [20, 30, 45]) {
    const { rate, wait } = settled(drag(t, { line, work: 5, ms: 3000 }), 3000);
    assert.ok(rate > 55, `${rate} pictures a second, ${line} ms there and back`);
    assert.ok(wait < line + 5 + 15, `no ask waits for another: ${wait} ms`);
    t.mock.timers.reset();
  }
});

test("on a short line one ask is on its way, however long the kernel works", (t) => {
  for (const work of [5, 300]) {
    assert.equal(drag(t, { line: 8, work, ms: 3000 }).most, 1);
    t.mock.timers.reset();
  }
});

test("a kernel at work for most of the time is not asked faster than it answers", (t) => {
  const { rate, wait } = settled(drag(t, { line: 200, work: 150, ms: 9000 }), 9000);
  assert.ok(rate > 5, `${rate} pictures a second`);
  assert.ok(wait < 200 + 2 * 150, `${wait} ms`);
});

test("on a narrow line answers seldom wait for one another", (t) => {
  const record = drag(t, { line: 40, work: 5, narrow: 250, ms: 20000 });
  const { rate } = settled(record, 20000);
  assert.ok(rate > 0.9 / 0.3, `${rate} pictures a second`);
  const waits = record.shown.map(({ at, shown }) => shown - at);
  const queued = waits.filter((wait) => wait > 40 + 5 + 1.3 * 250).length;
  assert.ok(queued < 0.25 * waits.length, `${queued} of ${waits.length} waited for another`);
});

test("each of several asks says again what is still on its way, and takes nothing back", () => {
  const { asker, sent } = queue();
  // Answers that take long let more asks go at once.
  for (let i = 1; i < 30; i++) {
    asker.ask({ rate: i });
    now += 200;
    asker.heard({ answer: i });
  }
  const first = sent.length + 1;
  asker.ask({ rate: 100, steps: 7 });
  now += 200;
  asker.ask({ damping: 3 });
  assert.equal(sent.length, first + 1, "two are on their way");
  assert.deepEqual(sent.at(-1).set, { rate: 100, steps: 7, damping: 3 });
  assert.ok(asker.heard({ answer: first }));
  assert.ok(asker.busy());
  assert.deepEqual(asker.wished(), { damping: 3 }, "the first answer shows what it was asked for");
  now += 200;
  asker.ask({}, { base: { reset: true } });
  assert.deepEqual(sent.at(-1).set, {}, "what begins again says nothing of before");
  assert.equal(sent.at(-1).reset, true);
  assert.ok(asker.heard({ answer: first + 2 }));
  assert.equal(asker.heard({ answer: first + 1 }), false, "an older answer that comes after it");
  assert.equal(asker.busy(), false);
  asker.stop();
});

test("beside an ask for another language no other is on its way", () => {
  let speak = false;
  const sent = [];
  const asker = makeAsker({
    send: (content) => sent.push(content),
    context: () => (speak ? { speak: true } : {}),
    onTrouble() {},
  });
  for (let i = 1; i < 30; i++) {
    asker.ask({ rate: i });
    now += 200;
    asker.heard({ answer: i });
  }
  asker.ask({ rate: 100 });
  now += 200;
  speak = true;
  asker.ask({});
  assert.equal(sent.at(-1).ask, 30, "it waits for the one before it");
  asker.heard({ answer: 30 });
  asker.next();
  assert.equal(sent.at(-1).ask, 31);
  speak = false;
  now += 200;
  asker.ask({ rate: 101 });
  assert.equal(sent.at(-1).ask, 31, "and the next one waits for it");
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
