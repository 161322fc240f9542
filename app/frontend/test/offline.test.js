import assert from "node:assert/strict";
import { test } from "node:test";
import { makeArrays } from "../src/connection/binary_arrays.js";
import { queryKey } from "../src/connection/url_state.js";
import { findKept } from "../src/offline/kept_pages.js";
import { isTheirs, wholeArrays } from "../src/offline/whole_answer.js";

const LESSON = {
  controls: [
    { controls: [{ kind: "slider", field: "rate" }] },
    {
      controls: [
        { kind: "text", field: "text" },
        { kind: "text", field: "data" },
      ],
    },
  ],
};
const GIVEN = { rate: 0.02, text: "a**2", data: null };

test("what a reader typed or pasted is theirs, what they moved is not", () => {
  assert.ok(!isTheirs(LESSON, GIVEN, GIVEN));
  assert.ok(!isTheirs(LESSON, { ...GIVEN, rate: 0.5 }, GIVEN));
  assert.ok(isTheirs(LESSON, { ...GIVEN, text: "a**4" }, GIVEN));
  assert.ok(isTheirs(LESSON, { ...GIVEN, data: ["1 2 3"] }, GIVEN));
});

test("a kept picture has all its arrays, those too that its answer left out", () => {
  const sent = new Float32Array([1, 2, 3]);
  const answer = {
    traces: [
      { kind: "path", style: "natural", points: "run" },
      { kind: "bands", points: "ground", rings: "rings" },
      { kind: "path", points: "held" },
    ],
    buffers: { run: ["f4", [3], 0], number: ["f4", [1], 16] },
    held: { mark: "m", names: ["held"] },
  };
  const there = {
    run: sent,
    number: new Float32Array([7]),
    held: new Float32Array([4, 5]),
    ground: new Float32Array([8, 9]),
    rings: new Uint32Array([0, 1, 4294967295]),
  };
  const { buffers, bytes } = wholeArrays(answer, (name) => there[name]);
  const array = makeArrays(buffers, bytes.buffer);
  for (const [name, numbers] of Object.entries(there)) assert.deepEqual(array(name), numbers, name);
  assert.deepEqual(Object.keys(buffers).sort(), Object.keys(there).sort());
});

test("links to one state are distinguished from links to another", () => {
  const one = queryKey("v=1&k=12&rate=0.05&steps=70&lang=zh");
  assert.equal(queryKey("?v=1&steps=70&rate=0.05&present=2"), one);
  assert.notEqual(queryKey("v=1&rate=0.05"), one);
  assert.equal(queryKey("v=1&k=3"), queryKey(""));
});

test("who looks for a page makes no cache again that is deleted meanwhile", async (t) => {
  const there = new Set(["natgrad / old"]);
  const before = Object.getOwnPropertyDescriptor(globalThis, "caches");
  globalThis.caches = {
    async keys() {
      const names = [...there];
      there.clear(); // by a page of a newer release
      return names;
    },
    async open(name) {
      there.add(name);
      return { match: async () => undefined };
    },
    match: async () => undefined,
  };
  t.after(() => {
    if (before) Object.defineProperty(globalThis, "caches", before);
    else delete globalThis.caches;
  });
  assert.equal(await findKept("/", "/fisher"), undefined);
  assert.equal(there.size, 0);
});

/** A browser that keeps pages, a server that sends anything, and mocked time. */
function browser(t) {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const kept = new Map();
  const cache = {
    match: async (address) => kept.get(address),
    put: async (address, answer) => void kept.set(address, await answer.text()),
    delete: async (path) => {
      for (const address of kept.keys()) if (address.split("?")[0] === path) kept.delete(address);
    },
  };
  Object.assign(globalThis, {
    caches: { keys: async () => [], open: async () => cache },
    document: new EventTarget(),
    window: {},
    location: { search: "?v=1&rate=0.5" },
    fetch: async (address) => new Response(address),
  });
  Object.defineProperty(globalThis, "navigator", {
    configurable: true,
    value: { serviceWorker: { register: async () => {} } },
  });
  return kept;
}

test("a page that rests is kept with its state and without its pass, one with typed text is not", async (t) => {
  const kept = browser(t);
  const { keepPictures } = await import("../src/entry/offline.js");
  const answer = {
    answer: 3,
    values: { ...GIVEN, text: "mine" },
    state: {},
    traces: [],
    buffers: {},
    mark: "m",
  };
  const link = { status: "open", receivers: new Set(), line: { pass: "secret" } };
  const page = {
    lesson: { ...LESSON, name: "fisher", language: "en", title: "</script>", own: [] },
    state: { shown: () => answer, array: () => undefined },
    transport: { k: () => 12, playing: () => false },
    outlines: { array: () => undefined },
    conversation: { busy: () => false },
  };
  /** Let the page rest, and all that it then does be done. */
  const rest = async () => {
    t.mock.timers.tick(2_000);
    for (let i = 0; i < 100; i++) await null;
    await new Promise(setImmediate);
  };
  const lessons = () => [...kept.keys()].filter((address) => /fisher(\?|$)/.test(address));
  const stop = keepPictures(page, link, GIVEN);
  await rest();
  assert.deepEqual([...kept.keys()], []);
  Object.assign(answer, { answer: 4, values: GIVEN });
  for (const receive of link.receivers) receive();
  await rest();
  assert.equal(lessons().length, 1);
  assert.ok(lessons()[0].endsWith("fisher?v=1&rate=0.5"));
  const html = kept.get(lessons()[0]);
  assert.equal(html.match(/<\/script>/g).length, 1, "no word of it ends the element");
  const data = JSON.parse(html.match(/id="natgrad-data">(.*)<\/script>/)[1]);
  assert.deepEqual([data.kernel, data.pass, data.first.answer], ["", "", null]);
  assert.equal(data.first.state.k, 12);
  assert.ok(!html.includes("secret"));
  for (const [broken, word] of [
    [{ status: "lost" }, "a page whose line is lost shows what is kept already"],
    [{ status: "open" }, ""],
  ]) {
    Object.assign(link, broken);
    Object.assign(answer, { answer: answer.answer + 1 });
    globalThis.location.search = `?v=1&rate=0.7${answer.answer}`;
    for (const receive of link.receivers) receive();
    await rest();
    assert.equal(lessons().length, 1, "a picture takes the place of the one before it");
    assert.equal(lessons()[0].endsWith("rate=0.5"), Boolean(word), word);
  }
  stop();
  assert.equal(link.receivers.size, 0);
});

test("the home page is kept with its pictures, a page of a login is not", async (t) => {
  const kept = browser(t);
  const { keepAsItIs } = await import("../src/entry/offline.js?fresh");
  Object.assign(globalThis, { location: { pathname: "/home", href: "http://here/home?lang=zh" } });
  Object.assign(globalThis.document, { images: [{ src: "http://here/home/kl.svg" }] });
  globalThis.fetch = async (address) => {
    const answer = new Response(address);
    Object.defineProperty(answer, "redirected", { value: address.includes("/home?") });
    return answer;
  };
  await assert.rejects(keepAsItIs(), /home\?lang=zh/);
  assert.ok(!kept.has("/home"));
  globalThis.fetch = async (address) => new Response(address);
  await keepAsItIs();
  assert.equal(kept.get("/home"), "http://here/home?lang=zh");
  assert.ok(kept.has("http://here/home/kl.svg"));
});
