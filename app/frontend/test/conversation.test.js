import assert from "node:assert/strict";
import { mock, test } from "node:test";
import { makeConversation } from "../src/page/conversation.js";

// Each look at the clock is later by more than a frame, so that no ask waits for the next one.
let now = 0;
mock.method(performance, "now", () => (now += 20));

/** Views of one widget, whose kernel sends every message to all of them, as a Jupyter comm does. */
function notebook(...names) {
  const kernel = { state: { rate: 1 }, inbox: [] };
  const views = names.map((view) => {
    const own = { view, shown: { rate: 1 }, heard: [] };
    own.conversation = makeConversation({
      model: { send: (content) => kernel.inbox.push(content) },
      view,
      lesson: { language: "en" },
      language: "en",
      state: { answer: () => ({ state: own.shown }) },
      keys: () => [`outline that ${view} keeps`],
      step: () => 0,
      held: () => false,
      onTrouble() {},
    });
    return own;
  });

  function tell(content) {
    for (const { conversation, ...own } of views) {
      if (conversation.moved(content)) conversation.follow();
      else if ("answer" in content && conversation.mine(content) && conversation.heard(content)) {
        own.heard.push(content);
        const view = views.find(({ view }) => view === own.view);
        view.shown = content.state;
        conversation.next();
      }
    }
  }

  /** Answer everything, newest last, until nobody asks any more. */
  kernel.work = () => {
    for (let turns = 0; kernel.inbox.length; turns++) {
      assert.ok(turns < 50, "the views never come to rest");
      const { ask, view, follow, set = {} } = kernel.inbox.shift();
      if (ask === undefined) continue;
      const before = JSON.stringify(kernel.state);
      if (!follow) kernel.state = { ...kernel.state, ...set };
      tell({ answer: ask, view, state: kernel.state, traces: [] });
      if (JSON.stringify(kernel.state) !== before) tell({ moved: view });
    }
  };
  return { kernel, views, stop: () => views.forEach(({ conversation }) => conversation.stop()) };
}

test("two views with the same number in flight each hear their own answer", () => {
  const { kernel, views, stop } = notebook("a", "b");
  const [a, b] = views;
  a.conversation.ask({ rate: 2 });
  b.conversation.ask({ steps: 5 });
  assert.deepEqual(
    kernel.inbox.map(({ ask, view, have }) => [ask, view, have]),
    [
      [1, "a", ["outline that a keeps"]],
      [1, "b", ["outline that b keeps"]],
    ],
  );
  kernel.work();
  for (const { heard, view } of views) {
    assert.ok(heard.length);
    for (const answer of heard) assert.equal(answer.view, view);
  }
  stop();
});

test("what one view does, the other shows, and both come to rest", () => {
  const { kernel, views, stop } = notebook("a", "b", "c");
  const [a, b, c] = views;
  for (const rate of [2, 3, 4]) a.conversation.ask({ rate });
  b.conversation.ask({ steps: 7 });
  kernel.work();
  for (const { shown } of [a, b, c]) assert.deepEqual(shown, { rate: 4, steps: 7 });
  stop();
});

test("an answer that nobody asked for is heard by every view", () => {
  const { views, stop } = notebook("a", "b");
  for (const { conversation } of views) {
    const content = { answer: null, state: {}, traces: [] };
    assert.ok(conversation.mine(content) && conversation.heard(content));
  }
  stop();
});

test("a view tells no step before it has heard of the present state", (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const { kernel, views, stop } = notebook("a");
  const [{ conversation }] = views;
  conversation.tellStep(); // of the old picture with which it begins
  conversation.follow();
  t.mock.timers.tick(5000); // the kernel is busy
  assert.deepEqual(
    kernel.inbox.filter(({ k }) => k !== undefined),
    [],
  );
  kernel.work();
  t.mock.timers.tick(200);
  assert.deepEqual(kernel.inbox, [{ k: 0, view: "a" }]);
  stop();
});
