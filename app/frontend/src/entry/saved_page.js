// A saved page: the same front end, whose asks are answered out of a pack that stands in the page.

import { SavedModel } from "../connection/saved_model.js";
import { say } from "../i18n/en.js";
import { render } from "../lesson_view.js";
import { bytesOf } from "../lib/base64.js";
import { make } from "../lib/dom.js";

/** @param {string} id */
const held = (id) => document.getElementById(id)?.textContent ?? "";
/** @param {string} id */
const bytesIn = (id) => bytesOf(held(id));

/** @param {string} id */
function unzipped(id) {
  const stream = new Blob([bytesIn(id)]).stream().pipeThrough(new DecompressionStream("gzip"));
  return new Response(stream);
}

// Older browsers let no file rewrite its address; then the page keeps its history to itself.
function rewritable() {
  try {
    history.replaceState(history.state, "", `${location.pathname}${location.search}`);
    return true;
  } catch {
    return false;
  }
}

/**
 * @param {HTMLElement} root
 * @param {SavedModel} model
 */
function mark(root, model) {
  const working = model.working();
  for (const element of root.querySelectorAll("[data-field]")) {
    if (!(element instanceof HTMLElement)) continue;
    const idle = !working.has(element.dataset.field ?? "");
    element.toggleAttribute("data-idle", idle);
    if (idle) element.setAttribute("aria-description", say("needs-engine"));
    else element.removeAttribute("aria-description");
  }
}

/** @param {string} link */
function noteOn(link) {
  const away = /^https?:\/\/(?!127\.|localhost|\[)/.test(link);
  const live = away ? make("a", { href: link }, say("open-live")) : null;
  return make("aside", { class: "saved" }, `${say("saved-page")} `, live);
}

async function play() {
  const pack = await unzipped("natgrad-words").json();
  const arrays = await unzipped("natgrad-arrays").arrayBuffer();
  const plotly = () => bytesIn("natgrad-plotly");
  const model = new SavedModel(pack, arrays, { rewritable: rewritable(), plotly });
  const el = document.createElement("div");
  document.getElementById("natgrad-root")?.replaceChildren(el);
  await render({ model, el });
  /** @type {HTMLElement | null} */
  const root = el.querySelector(".natgrad");
  if (!root) return;
  root.dataset.saved = "";
  root.prepend(noteOn(held("natgrad-live")));
  model.listeners.add(() => mark(root, model));
  mark(root, model);
}

play().catch((error) => {
  document
    .getElementById("natgrad-root")
    ?.replaceChildren(make("p", { role: "alert" }, `${say("not-played")} ${error.message}`));
});
