import assert from "node:assert/strict";
import { test } from "node:test";
import { Link } from "../src/connection/kernel_link.js";

const PAGE = { base: "/", kernel: "k1", comm: "c1", pass: "p1" };

/** The element by which a page of this version loads its script. */
const script = (version) => ({ getAttribute: () => `/natgrad/${version}/live_page.js` });

/** A browser with a network that can fail, mocked timers, and what was done over it. */
function network(t) {
  t.mock.timers.enable({ apis: ["setTimeout", "setInterval", "Date"] });
  const net = {
    up: true,
    /** What a page is answered with, if not with the lesson. */
    instead: null,
    asked: [],
    version: 1,
    reloads: 0,
    sockets: [],
    fetched: 0,
    left: [],
    page: Object.assign(new EventTarget(), { documentElement: { lang: "zh" } }),
  };
  class Socket {
    static OPEN = 1;
    readyState = 0;
    sent = [];
    constructor(url) {
      this.url = String(url);
      net.sockets.push(this);
      const ended = net.left.some((left) => this.url.includes(left.split("/").at(-1)));
      queueMicrotask(() => (net.up && !ended ? this.greet() : this.close(1006)));
    }
    greet() {
      this.readyState = 1;
      this.onopen();
    }
    send(frame) {
      this.sent.push(frame);
    }
    close(code = 1000) {
      if (this.readyState === 3) return;
      this.readyState = 3;
      this.onclose({ code });
    }
  }
  net.window = new EventTarget();
  Object.assign(net.page, { hidden: false, querySelector: () => script(1) });
  const globals = {
    WebSocket: Socket,
    document: net.page,
    location: {
      href: "http://127.0.0.1/coordinates?v=1&rate=0.03",
      pathname: "/coordinates",
      reload: () => void (net.reloads += 1),
    },
    addEventListener: net.window.addEventListener.bind(net.window),
    DOMParser: class {
      parseFromString = (text) => ({
        getElementById: () => (text.startsWith("{") ? { textContent: text } : null),
        querySelector: (tag) =>
          tag.startsWith("script")
            ? script(net.version)
            : text.startsWith("number ")
              ? {
                  textContent: text,
                  getAttribute: () => (tag === "[data-ticket]" ? "t1" : null),
                }
              : null,
      });
    },
    async fetch(url, how) {
      net.fetched += 1;
      net.asked.push({ url, ...how });
      if (!net.up) throw new TypeError("no network");
      if (how.redirect === "manual") return { type: net.instead?.type ?? "basic" };
      if (net.instead?.type) throw new TypeError("Failed to fetch");
      const { text = JSON.stringify({ ...PAGE, kernel: "k2" }), ...rest } = net.instead ?? {};
      return { status: 200, redirected: false, text: async () => text, ...rest };
    },
  };
  for (const [name, value] of Object.entries(globals)) {
    Object.defineProperty(globalThis, name, { value, configurable: true, writable: true });
  }
  Object.defineProperty(globalThis, "navigator", {
    value: { sendBeacon: (url) => net.up && net.left.push(url) },
    configurable: true,
  });
  return net;
}

/** Let promises go as far as they can. */
const settle = async () => {
  for (let i = 0; i < 20; i++) await Promise.resolve();
};

async function opened(net) {
  const link = new Link(PAGE);
  const said = [];
  link.onstatus((status) => said.push(status));
  await link.open();
  return { link, said, socket: net.sockets.at(-1) };
}

test("a lost line is opened again by itself, later and later, until it is back", async (t) => {
  const net = network(t);
  const { link, said, socket } = await opened(net);
  net.up = false;
  socket.close(1006);
  assert.deepEqual(said, ["lost"]);
  const tries = () => net.sockets.length;
  for (const [wait, count] of [
    [1499, 1],
    [1, 2],
    [2999, 2],
    [1, 3],
    [6000, 4],
  ]) {
    t.mock.timers.tick(wait);
    await settle();
    assert.equal(tries(), count);
  }
  net.up = true;
  t.mock.timers.tick(12000);
  await settle();
  assert.equal(link.status, "open");
  assert.equal(said.at(-1), "open");
});

test("nobody looks, so nothing is tried until somebody does, or the network is back", async (t) => {
  for (const [target, event] of [
    ["page", "visibilitychange"],
    ["window", "online"],
  ]) {
    const net = network(t);
    const { link, socket } = await opened(net);
    net.page.hidden = true;
    net.up = false;
    socket.close(1006);
    t.mock.timers.tick(1e6);
    await settle();
    assert.equal(net.sockets.length, 1);
    net.page.hidden = false;
    net.up = true;
    net[target].dispatchEvent(new Event(event));
    await settle();
    assert.equal(link.status, "open", event);
    t.mock.timers.reset();
  }
});

test("a dead kernel is left for a fresh one", async (t) => {
  const net = network(t);
  const { link } = await opened(net);
  link.line.ondead();
  assert.ok(link.broken());
  await link.reconnect();
  assert.equal(link.status, "open");
  assert.equal(net.fetched, 1);
  assert.match(net.left[0], /shutdown\/k1$/);
  assert.match(net.sockets.at(-1).url, /kernels\/k2\/channels/);
});

test("an idle page's line wakes with what its reader does, and no banner is wanted", async (t) => {
  const net = network(t);
  const { link, socket } = await opened(net);
  socket.close(4001);
  assert.equal(link.status, "asleep");
  assert.equal(link.broken(), false);
  t.mock.timers.tick(1e6);
  await settle();
  assert.equal(net.sockets.length, 1);
  link.send({ ask: 1 });
  await settle();
  assert.equal(link.status, "open");
});

test("what is said before the line is first open is said once it is", async (t) => {
  const net = network(t);
  const link = new Link(PAGE);
  link.send({ ask: 1 });
  link.send({ ask: 2 });
  await link.open();
  assert.equal(net.sockets[0].sent.length, 1);
});

test("after a sleep the line to the same kernel is opened again, and the reader hears nothing", async (t) => {
  const net = network(t);
  const { link, said, socket } = await opened(net);
  t.mock.timers.tick(20_000);
  assert.equal(net.sockets.length, 1, "awake, the line is left alone");
  t.mock.timers.setTime(Date.now() + 3_600_000); // no timer runs in a sleep
  t.mock.timers.tick(5_000);
  await settle();
  assert.equal(net.sockets.length, 2);
  assert.equal(socket.readyState, 3);
  assert.match(net.sockets[1].url, /kernels\/k1\//);
  assert.equal(link.status, "open");
  assert.deepEqual(said, ["open"], "what was asked meanwhile is asked again");
});

test("a line that cannot be opened again is said to be lost", async (t) => {
  const net = network(t);
  const { said } = await opened(net);
  net.up = false;
  net.window.dispatchEvent(new Event("online"));
  await settle();
  assert.deepEqual(said, ["lost"]);
});

test("who begins to listen while a message is heard does not hear that message", async (t) => {
  const { link } = await opened(network(t));
  let heard = 0;
  const again = () => {
    link.receivers.delete(again);
    heard += 1;
    if (heard < 5) link.receivers.add(again);
  };
  link.receivers.add(again);
  link.line.onmessage({}, []);
  assert.equal(heard, 1);
  link.line.onmessage({}, []);
  assert.equal(heard, 2);
});

for (const [how, instead, why] of [
  ["leads to a login", { text: "<form>", redirected: true }, "login"],
  ["is forbidden", { text: "403", status: 403 }, "login"],
  ["wants a login", { text: "401", status: 401 }, "login"],
  ["leads to a login elsewhere", { type: "opaqueredirect" }, "login"],
  ["is the waiting line", { text: "number 7", status: 503 }, "number 7"],
  ["says that the engine did not start", { text: "fault" }, ""],
  ["is a proxy's error", { text: "bad gateway", status: 502 }, ""],
]) {
  test(`a page that ${how} is recognized, and is taken once it is the lesson`, async (t) => {
    const net = network(t);
    const { link, said } = await opened(net);
    net.instead = instead;
    link.line.ondead();
    await assert.rejects(link.reconnect());
    assert.equal(link.why, why);
    assert.equal(said.at(-1), "lost", "the banner hears of it");
    assert.equal(net.asked[0].url, "/coordinates?lang=zh", "no log need hold the reader's state");
    net.instead = null;
    t.mock.timers.tick(5_000);
    await settle();
    assert.equal(link.status, "open");
    assert.equal(link.why, "");
  });
}

test("who waits in the line keeps the place, looked at or not", async (t) => {
  const net = network(t);
  const { link } = await opened(net);
  net.instead = { text: "number 2", status: 503 };
  link.line.ondead();
  await assert.rejects(link.reconnect());
  net.page.hidden = true;
  for (let seconds = 0; seconds < 60; seconds += 1) {
    t.mock.timers.tick(1_000);
    await settle();
  }
  assert.ok(net.fetched > 10, `asked ${net.fetched} times in a minute`);
  assert.equal(net.asked.at(-1).headers["natgrad-ticket"], "t1");
  net.instead = null;
  t.mock.timers.tick(5_000);
  await settle();
  assert.equal(link.status, "open");
});

for (const version of [1, 2]) {
  test(`a page ${version === 1 ? "stays" : "is loaded again"} after a restart of its server`, async (t) => {
    const net = network(t);
    const { link } = await opened(net);
    net.version = version;
    link.line.ondead();
    await link.reconnect();
    assert.equal(net.reloads, version - 1);
    assert.equal(link.line.kernel, "k2", "which the page leaves as it goes");
  });
}
