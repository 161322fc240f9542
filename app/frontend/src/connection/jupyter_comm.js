// A Jupyter kernel's comm over one websocket: as much of the protocol as a lesson needs, and no
// more.
//
// The subprotocol v1.kernel.websocket.jupyter.org frames a message in one binary chunk: the number
// of offsets and the offsets (little-endian uint64), then the parts they point to: channel, header,
// parent header, metadata, content, buffers.
// https://jupyter-server.readthedocs.io/en/latest/developers/websocket-protocols.html

const PROTOCOL = "v1.kernel.websocket.jupyter.org";
const OPEN_WITHIN = 10_000; // ms; the server opens a socket only once the kernel answers
const utf8 = new TextEncoder();
const text = new TextDecoder();

/** A random name, as RFC 9562 forms it (version 4). */
export const uuid = () =>
  "10000000-1000-4000-8000-100000000000".replace(/[018]/g, (c) =>
    (Number(c) ^ (crypto.getRandomValues(new Uint8Array(1))[0] & (15 >> (Number(c) / 4)))).toString(
      16,
    ),
  );

/**
 * Frame a message's parts for the wire.
 *
 * @param {(string | Uint8Array)[]} parts
 */
export function pack(parts) {
  const chunks = parts.map((part) => (typeof part === "string" ? utf8.encode(part) : part));
  const head = 8 * (chunks.length + 2);
  const frame = new Uint8Array(chunks.reduce((sum, chunk) => sum + chunk.byteLength, head));
  const view = new DataView(frame.buffer);
  view.setBigUint64(0, BigInt(chunks.length + 1), true);
  let at = head;
  chunks.forEach((chunk, i) => {
    view.setBigUint64(8 * (i + 1), BigInt(at), true);
    frame.set(chunk, at);
    at += chunk.byteLength;
  });
  view.setBigUint64(8 * (chunks.length + 1), BigInt(at), true);
  return frame;
}

/**
 * The parts of a framed message, as views into it: nothing is copied.
 *
 * @param {ArrayBuffer} buffer
 */
export function unpack(buffer) {
  const view = new DataView(buffer);
  const count = Number(view.getBigUint64(0, true));
  /** @param {number} i */
  const offset = (i) => Number(view.getBigUint64(8 * (i + 1), true));
  return Array.from(
    { length: count - 1 },
    (_, i) => new Uint8Array(buffer, offset(i), offset(i + 1) - offset(i)),
  );
}

/** One comm of one kernel. Events: onmessage(content, buffers), ondead(), onlost(code). */
export class Comm {
  /** @param {{ base: string, kernel: string, comm: string, pass: string }} page */
  constructor({ base, kernel, comm, pass }) {
    this.base = base;
    this.kernel = kernel;
    this.comm = comm;
    // Said as a subprotocol: a header that no log keeps, which an address would be.
    this.pass = pass;
    this.session = uuid();
    this.said = 0;
    /** @type {WebSocket | null} */
    this.socket = null;
    /** @type {(content: any, buffers: DataView[]) => void} */
    this.onmessage = () => {};
    /** @type {() => void} */
    this.ondead = () => {};
    /** @type {(code: number) => void} */
    this.onlost = () => {};
  }

  /**
   * Open the websocket. Resolves when messages will reach the kernel, rejects if they will not.
   *
   * @returns {Promise<void>}
   */
  open() {
    const url = new URL(
      `${this.base}api/kernels/${this.kernel}/channels?session_id=${this.session}`,
      location.href,
    );
    url.protocol = url.protocol.replace("http", "ws");
    const socket = new WebSocket(url, [PROTOCOL, `natgrad.${this.pass}`]);
    socket.binaryType = "arraybuffer";
    this.socket = socket;
    return new Promise((resolve, reject) => {
      let opened = false;
      const late = setTimeout(() => socket.close(), OPEN_WITHIN);
      socket.onmessage = ({ data }) => this.receive(data);
      socket.onopen = () => {
        opened = true;
        clearTimeout(late);
        resolve();
      };
      socket.onclose = ({ code }) => {
        clearTimeout(late);
        reject(new Error("the engine cannot be reached"));
        if (this.socket !== socket) return; // we hung up ourselves
        this.socket = null;
        if (opened) this.onlost(code);
      };
    });
  }

  /** Hang up, without calling that a loss. */
  close() {
    const socket = this.socket;
    this.socket = null;
    socket?.close();
  }

  /**
   * Send a custom message to the widget. False if there is no line.
   *
   * @param {any} content
   * @param {(ArrayBuffer | ArrayBufferView)[]} buffers
   */
  send(content, buffers = []) {
    if (this.socket?.readyState !== WebSocket.OPEN) return false;
    const header = {
      msg_id: `${this.session}-${++this.said}`,
      msg_type: "comm_msg",
      session: this.session,
      username: "",
      date: new Date().toISOString(),
      version: "5.3",
    };
    const data = { method: "custom", content };
    const bytes = buffers.map((b) =>
      b instanceof ArrayBuffer
        ? new Uint8Array(b)
        : new Uint8Array(b.buffer, b.byteOffset, b.byteLength),
    );
    this.socket.send(
      pack([
        "shell",
        JSON.stringify(header),
        "{}",
        "{}",
        JSON.stringify({ comm_id: this.comm, data }),
        ...bytes,
      ]),
    );
    return true;
  }

  /** @param {string | ArrayBuffer} frame */
  receive(frame) {
    if (typeof frame === "string") return; // not our subprotocol
    const [, header, , , content, ...buffers] = unpack(frame);
    const kind = JSON.parse(text.decode(header)).msg_type;
    if (kind === "comm_msg") {
      const { comm_id, data } = JSON.parse(text.decode(content));
      if (comm_id !== this.comm || data.method !== "custom") return;
      // A typed array must start at a multiple of its item's size, which a part of a frame need not
      // do.
      const aligned = buffers.map(
        (b) =>
          new DataView(
            b.byteOffset % 8 ? b.slice().buffer : b.buffer,
            b.byteOffset % 8 ? 0 : b.byteOffset,
            b.byteLength,
          ),
      );
      this.onmessage(data.content, aligned);
    } else if (kind === "status") {
      const { execution_state } = JSON.parse(text.decode(content));
      if (execution_state === "dead" || execution_state === "restarting") this.ondead();
    } else if (kind === "comm_close") {
      if (JSON.parse(text.decode(content)).comm_id === this.comm) this.ondead();
    }
  }
}
