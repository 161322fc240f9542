// A class's line: it comes back by itself, whatever the phone slept through.

const FIRST = 400; // ms until the line is tried again, then longer; a class never dials all at once
const LAST = 4_000;
const BEAT = 20_000; // ms between two looks whether the line is alive
const REPLY = 2_500; // ms in which it has to say so
/** Codes with which the server closes a line for good, and the sentences that say why. */
const FINAL = new Map([
  [4410, "ended"],
  [4409, "taken"],
  [4411, "code-used"],
  [1008, "refused"],
]);
const text = new TextDecoder();

/**
 * Words and arrays of a message: a text, or gzip of the length of the words, the words, the arrays.
 *
 * @param {string | ArrayBuffer} message
 * @returns {Promise<[import("../protocol").ClassNews, DataView | undefined]>}
 */
export async function unpack(message) {
  if (typeof message === "string") return [JSON.parse(message), undefined];
  const stream = new Blob([message]).stream().pipeThrough(new DecompressionStream("gzip"));
  const body = await new Response(stream).arrayBuffer();
  const size = new DataView(body).getUint32(0, true);
  const start = Math.ceil((4 + size) / 8) * 8;
  const words = JSON.parse(text.decode(new Uint8Array(body, 4, size)));
  return [words, start < body.byteLength ? new DataView(body, start) : undefined];
}

/**
 * @param {object} line
 * @param {() => string} line.path
 * @param {() => string[]} line.protocols
 * @param {() => void} line.opened
 * @param {(news: import("../protocol").ClassNews, data: DataView | undefined) => void} line.hear
 * @param {(status: string) => void} line.changed "open", "lost", or why it is closed for good
 */
export function openLine({ path, protocols, opened, hear, changed }) {
  /** @type {WebSocket | null} */
  let socket = null;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;
  let delay = FIRST;
  let heard = 0;
  let done = false;
  /** @type {Promise<unknown>} */
  let queue = Promise.resolve(); // what is compressed must not be overtaken by what is not

  function connect() {
    clearTimeout(timer);
    if (done || (socket && socket.readyState <= WebSocket.OPEN)) return;
    const url = new URL(path(), location.href);
    url.protocol = url.protocol.replace("http", "ws");
    const mine = new WebSocket(url, protocols());
    mine.binaryType = "arraybuffer";
    socket = mine;
    mine.onopen = () => {
      heard = performance.now();
      opened();
    };
    mine.onmessage = ({ data }) => {
      if (socket !== mine) return;
      heard = performance.now();
      delay = FIRST;
      changed("open");
      queue = queue
        .then(() => unpack(data))
        .then(([news, arrays]) => (socket ?? mine) === mine && hear(news, arrays))
        .catch((error) => console.error(error));
    };
    mine.onclose = ({ code }) => {
      if (socket !== mine) return;
      socket = null;
      const why = FINAL.get(code);
      done ||= why !== undefined;
      // What was said before the end is heard before it.
      queue = queue.then(() =>
        changed(why ?? (code === 4413 ? "full" : code === 4404 ? "no-class" : "lost")),
      );
      if (done) return;
      timer = setTimeout(connect, delay * (0.5 + Math.random()));
      delay = Math.min(1.5 * delay, LAST);
    };
  }

  function drop() {
    const old = socket;
    socket = null;
    old?.close();
    changed("lost");
    connect();
  }

  /** Ask for a sign of life; a line that gives none is opened again. */
  function probe() {
    if (done || document.hidden) return;
    if (socket?.readyState !== WebSocket.OPEN) return connect();
    const [mine, before] = [socket, heard];
    mine.send('{"beat":1}');
    setTimeout(() => socket === mine && heard === before && drop(), REPLY);
  }
  const beat = setInterval(probe, BEAT);
  const wake = () => {
    delay = FIRST;
    probe();
  };
  document.addEventListener("visibilitychange", wake);
  addEventListener("online", wake);
  addEventListener("pageshow", wake);
  const slept = () => changed("lost");
  addEventListener("offline", slept);
  connect();

  return {
    /** @param {import("../protocol").ClassWord} word */
    say(word) {
      if (socket?.readyState !== WebSocket.OPEN) return false;
      socket.send(JSON.stringify(word));
      return true;
    },
    renew: drop,
    again() {
      done = false;
      connect();
    },
    stop() {
      done = true;
      clearTimeout(timer);
      clearInterval(beat);
      document.removeEventListener("visibilitychange", wake);
      removeEventListener("online", wake);
      removeEventListener("pageshow", wake);
      removeEventListener("offline", slept);
      const old = socket;
      socket = null;
      old?.close();
    },
  };
}
