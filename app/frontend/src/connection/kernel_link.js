// The line to the kernel as the page knows it: how it is, and what mends it. It tries again by itself,
// at longer and longer intervals, for as long as somebody looks.

import { Comm } from "./jupyter_comm.js";

const FIRST_RETRY = 1_500; // ms, then doubled
const LAST_RETRY = 30_000;
const TICK = 5_000; // ms between two looks at the clock
const SLEPT = 30_000; // ms without a look: the computer slept, or the browser froze the page
const TICKET = "natgrad-ticket"; // the header that keeps a place in the waiting line
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
 * @property {{ base: string, code: string, missing?: string }} [follow] of a class's page, alone
 * @property {string} [offline] of a page that the browser kept, which has no kernel: what it says
 *
 * @param {Document} html
 * @returns {PageData | null}
 */
export const dataOf = (html) =>
  JSON.parse(html.getElementById("natgrad-data")?.textContent ?? "null");

/** @param {Document} html */
const moduleOf = (html) => html.querySelector("script[type=module]")?.getAttribute("src");

/**
 * Fetch the page of a new kernel. The query says the language alone: the state is here,
 * and no log need hold it.
 *
 * @param {string} ticket that keeps a place in the waiting line
 * @returns {Promise<{ html: Document, data: PageData | null, why: string, ticket: string }>} the page's
 *     data, or why there are none: "login" (someone has to log in first), or what the page of the
 *     waiting line says; empty if nobody knows
 */
async function fetchPage(ticket) {
  const { pathname } = location;
  const address = `${pathname}?lang=${document.documentElement.lang}`;
  const reply = await fetch(address, { cache: "no-store", headers: { [TICKET]: ticket } }).catch(
    async (error) => {
      // Perhaps a login on another host stands before the page: no script may follow there.
      const asked = await fetch(pathname, { method: "HEAD", redirect: "manual" });
      if (asked.type === "opaqueredirect") return Response.error();
      throw error;
    },
  );
  const { redirected, status } = reply;
  const html = new DOMParser().parseFromString(await reply.text(), "text/html");
  const data = dataOf(html);
  const held = html.querySelector("[data-ticket]")?.getAttribute("data-ticket");
  const line = held && html.querySelector("[role=status]")?.textContent;
  const barred = !data && (redirected || [0, 401, 403].includes(status));
  return { html, data, why: barred ? "login" : (line ?? ""), ticket: held ?? ticket };
}

/**
 * The line to the kernel: open, lost (the websocket is gone), dead (the kernel is), or asleep: the
 * server let an idle page's kernel go. Of that a reader need not hear: what they do next wakes it.
 */
export class Link {
  /** @param {PageData} page */
  constructor(page) {
    // Until we know better: a banner while the line is first opened would cry wolf.
    /** @type {"open" | "lost" | "dead" | "asleep"} */
    this.status = "open";
    this.why = ""; // what stands in the way of a new kernel, as far as the page was told
    this.ticket = "";
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
    // Whatever the page slept through, its reader or the network is back: mend the line now.
    this.looked = Date.now();
    const back = () => {
      const slept = Date.now() - this.looked > SLEPT;
      this.looked = Date.now();
      if (document.hidden) return;
      if (this.broken()) this.reconnect().catch(() => {});
      else if (slept) this.renew();
    };
    document.addEventListener("visibilitychange", back);
    addEventListener("online", () => (this.broken() ? back() : this.renew()));
    setInterval(() => {
      if (!document.hidden && Date.now() - this.looked > SLEPT) back();
      else if (!document.hidden) this.looked = Date.now();
    }, TICK);
  }

  /**
   * Open the websocket again, without a word: after a sleep, or in another network, it may look open
   * here and be closed there, and a browser hears of that only when it waits for an answer. A kernel
   * that does not answer the new line either is ended by the server, and the page gets another.
   */
  renew() {
    if (this.status !== "open" || !this.opened || this.mending) return;
    this.status = "lost";
    this.reconnect().catch(() => {});
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
    // The front end asks again once it is open.
    if (this.status === "asleep") return void this.reconnect().catch(() => {});
    if (!this.line.send(content, buffers) && !this.opened) this.waiting = [content, buffers];
  }

  async open() {
    await this.line.open();
    this.opened = true;
    this.why = this.ticket = "";
    this.delay = FIRST_RETRY;
    this.set("open");
    if (this.waiting) this.line.send(...this.waiting);
    this.waiting = null;
  }

  /**
   * Open the line again: to the same kernel if it lives, else to a fresh one. Resolves when asks are
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
    if (this.status === "lost" && this.line.kernel) {
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
    const { html, data, why, ticket } = await fetchPage(this.ticket); // each visit gets a kernel
    Object.assign(this, { why, ticket });
    if (!data) throw new Error("the engine did not start");
    this.take(new Comm(data));
    // The server is of another version: take its script too. The address holds the state.
    if (moduleOf(html) !== moduleOf(document)) location.reload();
    await this.open();
  }

  retry() {
    clearTimeout(this.timer);
    // Nobody looks: see the listener above. But a place in the line is kept while the page asks.
    if (document.hidden && !this.ticket) return;
    if (this.ticket) this.delay = FIRST_RETRY * 3;
    this.timer = setTimeout(() => this.reconnect().catch(() => {}), this.delay);
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
    // Only those who listen now: a page that this message sets up again must not hear it twice.
    line.onmessage = (content, buffers) =>
      [...this.receivers].forEach((receive) => receive(content, buffers));
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
    if (!this.line.kernel) return;
    navigator.sendBeacon(`${this.line.base}voila/api/shutdown/${this.line.kernel}`, this.line.pass);
  }
}
