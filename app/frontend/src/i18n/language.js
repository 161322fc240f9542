// Which language a page speaks: the link's, else the first of the reader's that the lesson has.

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
