// The service worker: it opens kept pages (offline.js) where the server does not answer, and does
// nothing else. A page that the server sends is always the server's.

import { queryKey } from "../connection/url_state.js";
import { languageOf, say } from "../i18n/offline.js";
import { escaped } from "../lib/escaped.js";
import { QUERY, findKept, listKept } from "../offline/kept_pages.js";

/** A proxy's word that the server behind it is away. */
const AWAY = [502, 504];

/**
 * As far as it is used here.
 *
 * @typedef {Event & {
 *   request: Request,
 *   respondWith(answer: Promise<Response>): void,
 * }} WorkerEvent
 */

const worker = /** @type {any} */ (globalThis);
const base = new URL(worker.registration.scope).pathname;

worker.addEventListener("install", () => worker.skipWaiting());
worker.addEventListener("fetch", (/** @type {WorkerEvent} */ event) => {
  const { method, mode, url } = event.request;
  const { origin, pathname } = new URL(url);
  if (method !== "GET" || origin !== location.origin || !pathname.startsWith(base)) return;
  const path = pathname.slice(base.length);
  if (mode === "navigate") {
    if (!/^class(\/|$)/.test(path)) event.respondWith(navigate(event.request));
  } else if (path.startsWith("natgrad/")) event.respondWith(script(event.request));
  else if (/^home\/[\w-]+\.svg$/.test(path)) event.respondWith(picture(event.request));
});

/**
 * Without navigation preload: where that fails, Firefox shows its own page (153).
 *
 * @param {Request} request
 */
async function navigate(request) {
  try {
    const answer = await fetch(request);
    return AWAY.includes(answer.status) ? ((await kept(request)) ?? answer) : answer;
  } catch {
    return (await kept(request)) ?? list("not-kept");
  }
}

/**
 * What is kept of a page: itself, the way to it from an address that names no state, or, where the
 * address names another one, what there is instead.
 *
 * @param {Request} request
 */
async function kept(request) {
  const { pathname, search } = new URL(request.url);
  const found = await findKept(base, pathname);
  const query = found?.headers.get(QUERY) ?? null;
  if (!found || query === null) return found;
  const [wished, there] = [search, query].map(queryKey);
  if (wished === there) return found;
  if (wished === queryKey("")) return Response.redirect(`${pathname}?${query}`);
  return list("other-state");
}

/**
 * A script's name follows its contents, so the one that is kept is the one that is wanted.
 *
 * @param {Request} request
 */
const script = async (request) => (await findKept(base, request.url)) ?? fetch(request);

/** @param {Request} request */
async function picture(request) {
  try {
    return await fetch(request);
  } catch {
    return (await findKept(base, request.url)) ?? Response.error();
  }
}

/** @param {string} why */
async function list(why) {
  const language = languageOf(navigator.languages);
  const words = (/** @type {string} */ key) => escaped(say(language, key));
  const pages = await listKept(base);
  const items = pages.map(
    ({ address, title }) => `<li><a href="${escaped(address)}">${escaped(title)}</a></li>`,
  );
  const body = `<!doctype html>
<html lang="${language}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<link rel="icon" href="data:,">
<title>${words("title")}</title>
<style>body { font: 18px/1.5 system-ui, sans-serif; max-width: 40rem; margin: 4rem auto; padding: 0 1rem; } a { display: inline-block; padding: 0.6rem 0; }</style>
</head>
<body>
<main>
<h1>${words("title")}</h1>
<p role="status">${words(why)}</p>
<p>${words(items.length ? "kept-here" : "none-kept")}</p>
<ul>${items.join("")}</ul>
<p><a href="">${words("again")}</a></p>
</main>
</body>
</html>
`;
  const headers = {
    "Content-Type": "text/html; charset=utf-8",
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; img-src data:",
  };
  return new Response(body, { status: 503, headers });
}
