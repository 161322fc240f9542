// The page: draws the first answer, which stands in the HTML, then speaks to the kernel for the
// stage.
//
// The stage (lesson_view.js) knows only a model as anywidget gives it. Here the model's messages go
// through our own websocket, and model.link tells how the line is and mends it. Nothing of the
// reader's is kept in the kernel, so a lost kernel costs a moment: we fetch the page again for a
// fresh one, and the stage asks with the state it holds.

import { readAddress } from "../connection/url_state.js";
import { Comm } from "../connection/jupyter_comm.js";
import { render } from "../lesson_view.js";

const QUERY_WITHIN = 4_000; // ms that a link's state may take before the default picture is shown
const FIRST_RETRY = 1_500; // ms, then doubled
const LAST_RETRY = 30_000;
const LET_GO = 4001; // the code with which the server closes an idle page's websocket

/**
 * What the server writes into a page's HTML; null if its lesson did not start.
 *
 * @typedef {object} PageData
 * @property {string} base
 * @property {string} kernel
 * @property {string} comm
 * @property {string} pass
 * @property {LessonData} lesson
 * @property {Answer} first
 * @property {string} arrays in base64
 *
 * @param {Document} html
 * @returns {PageData | null}
 */
const dataOf = (html) => JSON.parse(html.getElementById("natgrad-data")?.textContent ?? "null");

/** @param {string} base64 */
const bytesOf = (base64) =>
  new DataView(Uint8Array.from(atob(base64), (c) => c.charCodeAt(0)).buffer);

/**
 * The line to the kernel: open, lost (the websocket is gone), dead (the kernel is), or asleep: the
 * server let an idle page's kernel go. Of that a reader need not hear: what they do next wakes it.
 */
class Link {
  /** @param {PageData} page */
  constructor(page) {
    // Until we know better: a banner while the line is first opened would cry wolf.
    /** @type {"open" | "lost" | "dead" | "asleep"} */
    this.status = "open";
    /** @type {Set<(status: string) => void>} */
    this.listeners = new Set();
    /** @type {Set<Heard>} */
    this.receivers = new Set();
    this.opened = false;
    /** @type {[any, ArrayBuffer[] | undefined] | null} */
    this.waiting = null; // what was said before the line was first open; the newest is all of it
    /** @type {Promise<unknown> | null} */
    this.mending = null;
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    this.timer = 0;
    this.delay = FIRST_RETRY;
    this.line = this.take(new Comm(page));
    // Whatever the page slept through, its reader is back: mend the line now, not at the next try.
    document.addEventListener("visibilitychange", () => {
      if (!document.hidden && this.broken()) this.reconnect().catch(() => {});
    });
  }

  broken() {
    return this.status === "lost" || this.status === "dead";
  }

  /** @param {(status: string) => void} listener */
  onstatus(listener) {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  /**
   * @param {any} content
   * @param {ArrayBuffer[]} [buffers]
   */
  send(content, buffers) {
    // The stage asks again once it is open.
    if (this.status === "asleep") return void this.reconnect().catch(() => {});
    if (!this.line.send(content, buffers) && !this.opened) this.waiting = [content, buffers];
  }

  async open() {
    await this.line.open();
    this.opened = true;
    this.delay = FIRST_RETRY;
    this.set("open");
    if (this.waiting) this.line.send(...this.waiting);
    this.waiting = null;
  }

  /**
   * Open the line anew: to the same kernel if it lives, else to a fresh one. Resolves when asks are
   * answered.
   */
  reconnect() {
    clearTimeout(this.timer);
    this.mending ??= this.mend()
      .catch((error) => {
        this.set("lost");
        this.retry();
        throw error;
      })
      .finally(() => (this.mending = null));
    return this.mending;
  }

  async mend() {
    if (this.status === "lost") {
      this.line.close();
      const open = await this.open().then(
        () => true,
        () => false,
      );
      if (open) return;
    }
    // The kernel is gone, or the line is open and yet the reader asks to mend it: the kernel hangs.
    // Leave it.
    this.leave();
    const reply = await fetch(location.href, { cache: "no-store" }); // each visit gets a kernel
    const data = dataOf(new DOMParser().parseFromString(await reply.text(), "text/html"));
    if (!data) throw new Error("the engine did not start");
    this.take(new Comm(data));
    await this.open();
  }

  retry() {
    clearTimeout(this.timer);
    if (document.hidden) return; // nobody looks: see the listener above
    this.timer = undefined;
    this.delay = Math.min(2 * this.delay, LAST_RETRY);
  }

  /**
   * @param {Comm} line
   * @returns {Comm}
   */
  take(line) {
    /** @param {"lost" | "dead" | "asleep"} status */
    const broken = (status) => {
      if (line !== this.line) return;
      line.close();
      this.set(status);
      if (!this.mending && this.broken()) this.retry();
    };
    line.onmessage = (content, buffers) =>
      this.receivers.forEach((receive) => receive(content, buffers));
    line.onlost = (code) => broken(code === LET_GO ? "asleep" : "lost");
    line.ondead = () => broken("dead");
    this.line = line;
    return line;
  }

  /** @param {"open" | "lost" | "dead" | "asleep"} status */
  set(status) {
    if (status === this.status) return;
    this.status = status;
    this.listeners.forEach((listener) => listener(status));
  }

  /**
   * End the kernel: nobody else can use it. Said to no listener, for there is nothing that a reader
   * should do.
   */
  leave() {
    clearTimeout(this.timer);
    this.line.close();
    this.status = "dead";
    navigator.sendBeacon(`${this.line.base}voila/api/shutdown/${this.line.kernel}`, this.line.pass);
  }
}

/**
 * What anywidget's model offers, as far as the page uses it.
 *
 * @implements {Model}
 */
class Model {
  /**
   * @param {Record<string, any>} traits
   * @param {Link} link
   */
  constructor(traits, link) {
    this.traits = traits;
    this.link = link;
    /** @type {Set<Heard>} */
    this.handlers = new Set();
  }

  /** @param {string} name */
  get(name) {
    return this.traits[name];
  }

  /**
   * Where a file lies that a page may want later: beside this one.
   *
   * @param {string} name
   */
  asset(name) {
    return new URL(name, import.meta.url).href;
  }

  /**
   * @param {any} content
   * @param {unknown} _callbacks
   * @param {ArrayBuffer[]} [buffers]
   */
  send(content, _callbacks, buffers) {
    this.link.send(content, buffers);
  }

  /**
   * @param {string} event
   * @param {Heard} handler
   */
  on(event, handler) {
    if (event !== "msg:custom") return;
    this.handlers.add(handler);
    this.link.receivers.add(handler);
  }

  /**
   * @param {string} _event
   * @param {Heard} handler
   */
  off(_event, handler) {
    for (const each of handler ? [handler] : this.handlers) this.link.receivers.delete(each);
  }
}

/**
 * The answer to this page's address: the state that a link carries. Null if it does not come in
 * time.
 */
/**
 * @param {Link} link
 * @param {string} query
 * @returns {Promise<{ first: Answer, arrays: DataView } | null>}
 */
function linked(link, query) {
  return new Promise((resolve) => {
    /** @param {{ first: Answer, arrays: DataView } | null} traits */
    const done = (traits) => {
      link.receivers.delete(receive);
      clearTimeout(late);
      resolve(traits);
    };
    /** @type {Heard} */
    const receive = (answer, [arrays]) => {
      if (answer.answer === 0) done(answer.fault ? null : { first: answer, arrays });
    };
    const late = setTimeout(done, QUERY_WITHIN, null);
    link.receivers.add(receive);
    link.send({ ask: 0, query, state: {}, set: {}, have: [] });
  });
}

/** @param {PageData} data */
async function start(data) {
  const link = new Link(data);
  /** @type {Record<string, any>} */
  const traits = { lesson: data.lesson, first: data.first, arrays: bytesOf(data.arrays) };
  const draw = () => {
    const el = document.createElement("div");
    document.getElementById("natgrad-root")?.replaceChildren(el);
    return render({ model: new Model(traits, link), el });
  };
  // A page out of the browser's cache names a kernel that is no more: get one at once.
  const open = () =>
    link
      .open()
      .catch(() => ((link.status = "dead"), link.reconnect()))
      .catch(() => {});

  addEventListener("pagehide", () => link.leave());
  // A page kept alive behind another one comes back without its kernel.
  addEventListener("pageshow", ({ persisted }) => persisted && link.reconnect().catch(() => {}));

  // A link's picture comes from the kernel, not from the HTML; showing another one first would be a
  // lie.
  const { query } = readAddress(location.search, data.lesson.own);
  if (query && query !== data.first.query) {
    open();
    Object.assign(traits, await linked(link, query));
    await draw();
  } else {
    await draw();
    open();
  }
}

const data = dataOf(document);
if (data) start(data);
else document.getElementById("natgrad-root")?.replaceChildren(); // the HTML below says why
