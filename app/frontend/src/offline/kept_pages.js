// Where the browser keeps pages for a time without the server: one cache a release of the front end.
// A page is found by its path; which state it shows, and what it is called, its headers say.

export const QUERY = "natgrad-query";
export const TITLE = "natgrad-title";

/** @param {string} base the path below which the pages hang */
const stemOf = (base) => `natgrad ${base} `;

/**
 * The names of the caches below a base.
 *
 * @param {string} base
 */
const namesBelow = async (base) =>
  (await caches.keys()).filter((name) => name.startsWith(stemOf(base)));

/**
 * The cache of a release; those of others are gone with what they kept.
 *
 * @param {string} base
 * @param {string} release
 */
export async function openKept(base, release) {
  const name = stemOf(base) + release;
  for (const other of await namesBelow(base)) if (other !== name) await caches.delete(other);
  return caches.open(name);
}

/**
 * What is kept at a path, in whatever state. No cache is opened for it: one that a page of a newer
 * release deletes meanwhile would be made again, empty.
 *
 * @param {string} base
 * @param {string} path
 * @returns {Promise<Response | undefined>}
 */
export async function findKept(base, path) {
  for (const name of await namesBelow(base)) {
    const how = { cacheName: name, ignoreSearch: true, ignoreVary: true };
    const found = await caches.match(path, how);
    if (found) return found;
  }
  return undefined;
}

/**
 * The lessons that are kept: the address of each, with its state, and its title.
 *
 * @param {string} base
 */
export async function listKept(base) {
  const found = [];
  for (const name of await namesBelow(base)) {
    if (!(await caches.has(name))) continue;
    const cache = await caches.open(name);
    for (const request of await cache.keys()) {
      const title = (await cache.match(request))?.headers.get(TITLE);
      const { pathname, search } = new URL(request.url);
      if (title) found.push({ address: pathname + search, title: decodeURIComponent(title) });
    }
  }
  return found;
}
