// Which language a page speaks: the link's, else the first of the reader's that the lesson has.

// Whether the lesson can be read in this language; what has no catalog is English.
export const speaks = ({ languages = ["en"] }, name) => languages.includes(name);

export function wishedLanguage(lesson, whole) {
  const known = lesson.languages ?? [];
  const asked = whole ? new URLSearchParams(location.search).get("lang") : null;
  if (known.includes(asked)) return asked;
  const theirs = (navigator.languages ?? [navigator.language]).map((name) => name.split("-")[0]);
  return theirs.find((name) => known.includes(name)) ?? known[0] ?? "en";
}
