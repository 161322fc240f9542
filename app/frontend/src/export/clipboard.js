// Text to the clipboard; false if the browser does not allow it.

import { make } from "../lib/dom.js";

/**
 * @param {string} text
 * @returns {Promise<boolean>}
 */
export async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    // No permission, or plain http.
    const area = make("textarea", { style: "position:fixed;opacity:0" });
    area.value = text;
    // A window makes all else inert.
    (document.querySelector("dialog[open]") ?? document.body).append(area);
    area.select();
    const fine = document.execCommand("copy");
    area.remove();
    return fine;
  }
}
