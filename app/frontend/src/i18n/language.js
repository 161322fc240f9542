// Which language a page speaks: the link's, else the first of the reader's that the lesson has; and
// the front end's words in it.

import { setWords } from "./en.js";

// What a language is called in itself.
/** @type {Record<string, string>} */
const NAMES = { en: "English", es: "Español", zh: "简体中文" };

/** @type {Record<string, () => Promise<{ WORDS: Record<string, string> }>>} */
const CATALOGS = { es: () => import("./es.js"), zh: () => import("./zh.js") };

/** @type {Record<string, Record<string, string>>} */
const known = {};

/** @param {string} name */
export const nameOf = (name) => NAMES[name] ?? name;

// Whether some lessons can be read in this language.
/** @param {string} name */
export const isLanguage = (name) => name in NAMES;

// Have the words of a language at hand. Where they do not come, English is spoken.
/** @param {string} name */
export async function fetchWords(name) {
  const found = await CATALOGS[name]?.().catch(() => null);
  if (found) known[name] = found.WORDS;
}

// Speak a language whose words are at hand.
/** @param {string} name */
export const setLanguage = (name) => setWords(known[name] ?? {});

// Whether the lesson can be read in this language; what has no catalog is English.
/**
 * @param {{ languages?: string[] }} lesson
 * @param {string | null} name
 */
export const speaks = ({ languages = ["en"] }, name) => name !== null && languages.includes(name);

/**
 * @param {{ languages?: string[] }} lesson
 * @param {boolean} whole a page of its own, whose link may name a language
 */
export function wishedLanguage(lesson, whole) {
  const asked = whole ? new URLSearchParams(location.search).get("lang") : null;
  const theirs = (navigator.languages ?? [navigator.language]).map((name) => name.split("-")[0]);
  return [asked, ...theirs].find((name) => speaks(lesson, name)) ?? lesson.languages?.[0] ?? "en";
}
