// The address says what differs from the lesson's beginning: the state, which the kernel reads, and
// what is the page's own (what is hidden, a talk's steps), which it does not.

/** @param {string} search */
const pairs = (search) =>
  search
    .replace(/^\?/, "")
    .split("&")
    .filter(Boolean)
    .map((part) => [part.split("=")[0], part]);

/**
 * @param {string} search
 * @param {string[]} names those that are the page's own
 */
export function readAddress(search, names) {
  /** @type {Record<string, string>} */
  const own = {};
  for (const [name, value] of new URLSearchParams(search))
    if (names.includes(name)) own[name] = value;
  const rest = pairs(search).filter(([name]) => !names.includes(name));
  const query = rest.map(([, part]) => part).join("&");
  return { query: rest.some(([name]) => name !== "v") ? query : "", own };
}

// What a comma, a colon or a slash means in a query is nothing: they may stand as they are.
/** @param {string} text */
const plain = (text) => encodeURIComponent(text).replace(/%(2C|3A|2F|3B|40)/g, decodeURIComponent);

// The kernel's `query` with the step now shown, which only the page knows, and with what is its
// own.
/**
 * @param {string} query
 * @param {Record<string, string>} own
 * @param {{ version: number, k: number | null, shown: number, steps: number }} now
 */
export function writeAddress(query, own, { version, k, shown, steps }) {
  const rest = pairs(query).filter(([name]) => name !== "v" && name !== "k");
  const still = k === null ? shown === steps : shown === k;
  const parts = [
    ...(still ? [] : [`k=${shown}`]),
    ...rest.map(([, part]) => part),
    ...Object.entries(own)
      .filter(([, value]) => value)
      .map(([name, value]) => `${name}=${plain(value)}`),
  ];
  return parts.length ? `?v=${version}&${parts.join("&")}` : "";
}

// What chooses the picture: equal for links to one state, whatever the order of their names.
const BESIDE = new Set(["v", "k", "said", "derive", "hide", "talk", "present", "lang"]);

/** @param {string} text a query */
export const queryKey = (text) =>
  JSON.stringify(
    [...new URLSearchParams(text)]
      .filter(([name]) => !BESIDE.has(name))
      .sort(([a], [b]) => (a < b ? -1 : 1)),
  );
