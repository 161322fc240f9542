// The class's style sheet lies beside its script, and comes with it.

import { make } from "../lib/dom.js";

/** @type {Promise<unknown> | undefined} */
let asked;

/** Resolves once it is there, or cannot be had. */
export function styled() {
  asked ??= new Promise((resolve) => {
    const href = new URL("classroom.css", import.meta.url).href;
    const link = make("link", { rel: "stylesheet", href, onload: resolve, onerror: resolve });
    document.head.append(link);
  });
  return asked;
}
