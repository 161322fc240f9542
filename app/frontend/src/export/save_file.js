// Files that a reader exports: saved by the browser, under the lesson's name.

import { make } from "../lib/dom.js";

const READ_WITHIN = 60_000; // ms that the browser may take to read what it saves

/**
 * @param {string} name
 * @param {any} content
 * @param {string} [type]
 */
export function save(name, content, type) {
  const blob = content instanceof Blob ? content : new Blob([content], { type });
  const url = URL.createObjectURL(blob);
  make("a", { href: url, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(url), READ_WITHIN);
}
