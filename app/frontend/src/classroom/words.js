// A class's words in the language of the page. They are apart from the page's own (i18n/en.js),
// which every reader loads.

import { CLASSROOM } from "../i18n/classroom.js";

let language = "en";

/** @param {string[]} wished the languages that the reader wishes for, the first one first */
export function speak(wished) {
  language = wished.find((name) => name in CLASSROOM) ?? "en";
  return language;
}

/**
 * @param {string} key
 * @param {Record<string, string | number>} values
 */
export function say(key, values = {}) {
  const text = CLASSROOM[language][key] ?? CLASSROOM.en[key];
  if (text === undefined) throw new Error(`no text '${key}'`);
  return text.replace(/\{(\w+)\}/g, (_, name) => String(values[name]));
}

/** A code as it is read out: in two halves. @param {string} code */
export const spaced = (code) => `${code.slice(0, 3)} ${code.slice(3)}`;
