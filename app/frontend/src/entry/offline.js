// Keeps what a page shows, in the browser, for a time without the server: the page with its last
// picture, and the scripts that draw it. The service worker (offline_worker.js) opens it, and only
// where the server does not answer.

import { readAddress } from "../connection/url_state.js";
import { say } from "../i18n/offline.js";
import { QUERY, TITLE, openKept } from "../offline/kept_pages.js";
import { isTheirs, wholeArrays } from "../offline/whole_answer.js";

const REST = 1_000; // ms without an act until a picture is kept
const MOST = 8_000_000; // bytes of a picture's arrays
const SCRIPTS = ["live_page.js", "offline.js", "makers.js", "model_picture.js", "plotly_charts.js"];

const base = new URL("../../", import.meta.url).pathname;
const release = import.meta.url.split("/").at(-2) ?? "";

/** @param {string} name */
const asset = (name) => new URL(name, import.meta.url).href;

/**
 * What the server sends; not the page of a login that stands before it.
 *
 * @param {string} address
 */
async function fetched(address) {
  const answer = await fetch(address);
  if (!answer.ok || answer.redirected) throw new Error(`${address}: ${answer.status}`);
  return answer;
}

/**
 * @param {Cache} cache
 * @param {string} address
 */
async function put(cache, address) {
  if (!(await cache.match(address))) await cache.put(address, await fetched(address));
}

/** @type {Promise<Cache> | undefined} */
let opened;

/** Let the worker stand by, and open what this release keeps. */
function begin() {
  opened ??= navigator.serviceWorker
    .register(`${base}offline_worker.js`, { scope: base })
    .then(() => openKept(base, release));
  return opened;
}

/** Keep a page that is plain HTML, as it is, with its script and its pictures. */
export async function keepAsItIs() {
  const cache = await begin();
  await put(cache, asset("home.js"));
  await cache.put(location.pathname, await fetched(location.href));
  for (const { src } of document.images) await put(cache, src);
}

/** @param {Uint8Array} bytes */
function base64Of(bytes) {
  let text = "";
  for (let i = 0; i < bytes.length; i += 0x8000)
    text += String.fromCharCode(...bytes.subarray(i, i + 0x8000));
  return btoa(text);
}

/**
 * As JSON for a script element: nothing in it can end the element.
 *
 * @param {unknown} value
 */
const scriptJson = (value) =>
  JSON.stringify(value).replace(
    /[<>&\u2028\u2029]/g,
    (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );

/**
 * Keep a lesson's page: each picture at which the reader rests takes the place of the one before it.
 *
 * @param {SeatedPage} page
 * @param {any} link the page's line to its kernel
 * @param {Changes} given the values that the lesson opens with
 * @returns {() => void} ends it
 */
export function keepPictures({ lesson, state, transport, outlines, conversation }, link, given) {
  const path = base + lesson.name;
  let kept = ""; // what tells the picture that is kept from others
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;

  async function keep() {
    const answer = state.shown();
    const now = `${answer.answer} ${transport.k()} ${location.search}`;
    if (now === kept || conversation.busy() || transport.playing() || link.status !== "open")
      return;
    kept = now;
    if (isTheirs(lesson, answer.values, given)) return;
    const { buffers, bytes } = wholeArrays(
      answer,
      (name) => state.array(name) ?? outlines.array(name),
    );
    if (bytes.length > MOST) return;
    const { query } = readAddress(location.search, lesson.own);
    const { mark: _mark, held: _held, more: _more, lesson: _lesson, ...picture } = answer;
    const first = {
      ...picture,
      answer: null,
      query,
      state: { ...answer.state, k: transport.k() },
      errors: {},
      buffers,
    };
    const data = {
      base,
      kernel: "",
      comm: "",
      pass: "",
      offline: say(lesson.language, "kept"),
      lesson,
      first,
      arrays: base64Of(bytes),
    };
    const cache = await begin();
    const words = lesson.language === "en" ? [] : [`${lesson.language}.js`];
    for (const name of [...SCRIPTS, ...words]) await put(cache, asset(name));
    if (window.Plotly) await put(cache, asset("plotly.js"));
    const shell = await fetched(`${base}offline/${lesson.name}?lang=${lesson.language}`);
    const headers = new Headers(shell.headers);
    for (const name of ["Content-Encoding", "Content-Length"]) headers.delete(name); // of the shell
    headers.set(QUERY, query);
    headers.set(TITLE, encodeURIComponent(lesson.title));
    const body = `${await shell.text()}<script type="application/json" id="natgrad-data">${scriptJson(data)}</script>\n</body>\n</html>\n`;
    await cache.delete(path, { ignoreSearch: true, ignoreVary: true });
    await cache.put(query ? `${path}?${query}` : path, new Response(body, { headers }));
  }

  // One after the other: on a slow line an older picture would come last, and stay.
  let keeping = Promise.resolve();
  function soon() {
    clearTimeout(timer);
    timer = setTimeout(() => {
      keeping = keeping.then(keep).catch(() => {}); // where storage is full or forbidden
    }, REST);
  }
  const acts = ["pointerup", "keyup", "visibilitychange"];
  for (const act of acts) document.addEventListener(act, soon);
  link.receivers.add(soon);
  soon();
  return () => {
    clearTimeout(timer);
    for (const act of acts) document.removeEventListener(act, soon);
    link.receivers.delete(soon);
  };
}
