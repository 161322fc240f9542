// A text that is too long to send, as a sample of its lines.

export const MOST = 60_000; // bytes; an ask with more might be refused whole, and its line cut

/**
 * The bytes that a text takes where it is sent, as JSON in UTF-8.
 *
 * @param {string} text
 */
export const sizeOf = (text) => new TextEncoder().encode(JSON.stringify(text)).length - 2;

/**
 * The first line (it may be a header) and as many others, chosen at random, as fit; above them a
 * comment that says how many there were. The choice is the same each time. A text of one line stays
 * as it is: no part of it would be a sample.
 * @param {string} text
 */
export function sampleLines(text, most = MOST) {
  if (sizeOf(text) <= most) return text;
  const [first, ...others] = text.split(/\r\n|\r|\n/).filter((line) => line.trim());
  if (!others.length) return text;
  const comment = `# of ${others.length} rows`;
  const sizes = others.map((line) => sizeOf(line) + 2); // with the end of the line, \n in JSON
  const room = most - sizeOf(comment) - sizeOf(first) - 4;
  // A tenth is left free: lines by chance longer must not cost the end of the text its lines.
  const share = (0.9 * room) / sizes.reduce((sum, size) => sum + size, 0);
  let seed = 1;
  let left = room;
  const kept = others.filter((_, i) => {
    seed = (seed * 48271) % 2147483647; // Park and Miller 1988
    if (seed / 2147483647 >= share || sizes[i] > left) return false;
    left -= sizes[i];
    return true;
  });
  return [comment, first, ...kept].join("\n");
}
