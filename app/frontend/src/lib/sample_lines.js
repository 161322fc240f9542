// A text that is too long to send, as a sample of its lines.

const MOST = 60_000;

/**
 * The first line (it may be a header) and as many others, chosen at random, as fit; above them a
 * comment that says how many there were. The choice is the same each time.
 * @param {string} text
 */
export function sampleLines(text, most = MOST) {
  if (text.length <= most) return text;
  const [first, ...others] = text.split(/\r\n|\r|\n/).filter((line) => line.trim());
  const comment = `# of ${others.length} rows`;
  const room = most - comment.length - first.length - 2;
  // A tenth is left free: lines by chance longer must not cost the end of the text its lines.
  const share = (0.9 * room) / (others.reduce((sum, line) => sum + line.length + 1, 0) || 1);
  let seed = 1;
  let left = room;
  const kept = others.filter((line) => {
    seed = (seed * 48271) % 2147483647; // Park and Miller 1988
    if (seed / 2147483647 >= share || line.length >= left) return false;
    left -= line.length + 1;
    return true;
  });
  return [comment, first, ...kept].join("\n");
}
