// Types that many modules of the page share; those of the wire are in protocol.d.ts.

import type * as wire from "./protocol";

declare global {
  type Answer = wire.Answer;
  type Chart = wire.Chart;
  type Control = wire.Control;
  type Handle = wire.Handle;
  type LessonData = wire.LessonData;
  type MeterRow = wire.MeterRow;
  type PlaneSpec = wire.Plane;
  type Reply = wire.Reply;
  type Style = wire.Style;
  type Tick = wire.Tick;
  type Trace = wire.Trace;

  /** Fields and their new values. */
  type Changes = Record<string, any>;
  /** Where an ask starts from, if not from what is shown. */
  type Base = { reset: true } | { follow: true } | { state: Changes } | { query: string };
  /** Ask for a picture; `act` names what the reader does, `false` if it is none of their acts. */
  type AskFor = (set: Changes, from?: { base?: Base | null; act?: string | false | null }) => void;

  type Numbers = Float32Array | Float64Array | Uint32Array | Int32Array | Uint8Array;
  /** An array of the answer by name. */
  type ArrayOf = (name?: string) => Numbers | undefined;
  type Point = [number, number];

  /** A canvas's context, or one that records SVG; the latter has a kind of path of its own. */
  type Pen = CanvasRenderingContext2D & {
    Path?: PathKind;
    link?: (url: string, draw: () => void) => void;
  };
  type PathKind = new (d?: string) => Path2D;

  /** What a legend's key shows. */
  type KeySign = "area" | "ellipse" | "line" | "arrow" | "symbol";

  /** How a legend's key looks: what is drawn in a style; an open symbol is a ring. */
  type KeyLook = { signs: KeySign[]; symbol?: string; dashed?: boolean; open?: boolean };

  type Palette = ReturnType<typeof import("./canvas/colors.js").makePalette>;
  type Placing = ReturnType<typeof import("./canvas/primitives.js").placing>;
  type Outlines = ReturnType<typeof import("./canvas/static_layer.js").makeOutlineCache>;
  type PlaneView = ReturnType<typeof import("./canvas/plane.js").makePlane>;
  type Fields = ReturnType<typeof import("./controls/field_registry.js").makeFields>;
  type Menu = ReturnType<typeof import("./controls/menu.js").makeMenu>;
  type Pin = ReturnType<typeof import("./controls/pin.js").makePin>;
  type Theme = ReturnType<typeof import("./controls/theme.js").makeTheme>;
  type Playback = ReturnType<typeof import("./controls/playback.js").makeTransport>;
  type Dialog = ReturnType<typeof import("./controls/dialog.js").makeDialog>;
  type Shows = ReturnType<typeof import("./session/talk_codec.js").makeShows>;

  /** A pinned path. */
  interface Ghost {
    key: string;
    trace: Trace;
    points: Numbers;
  }

  /** The point of a path that is read out. */
  interface Reading {
    trace: Trace;
    step: number;
    point: Point;
    style: string;
  }

  /** What a picture of every plane is drawn with. */
  interface Look {
    array: ArrayOf;
    palette: Palette;
    cache: Outlines;
    theme?: string;
    k: number;
    playing: boolean;
    thick: number;
    ghosts: Ghost[];
    /** Draws a model, once a page has fetched it. */
    model?: typeof import("./canvas/model_picture.js").drawModel;
    /** Draw with as few pixels as will do. */
    light?: boolean;
  }

  /** What the static layer of one plane is drawn with. */
  interface Ground {
    view: number[];
    given?: Tick[][];
    /** From one mark of an axis to the next. */
    step?: number;
    side: number;
    ratio: number;
    palette: Palette;
    cache: Outlines;
    array: ArrayOf;
    thick: number;
  }

  /** What the dynamic layer of one plane is drawn from. */
  interface Scene extends Omit<Look, "cache"> {
    plane: string;
    view: number[];
    side: number;
    ratio: number;
    traces: Trace[];
    handles: Handle[];
    hover: Reading | null;
  }

  /** A scene with its measures: pixels per unit, and weights of lines and symbols. */
  interface Drawing extends Scene {
    place: Placing;
    size: number;
    weight: number;
  }

  /** What a plane needs of the page. */
  interface Host {
    ask: AskFor;
    /** Draw the runs of the state with these changes, while the pointer is on this plane. */
    look: (plane: string, changes: Changes | null) => void;
    redraw: () => void;
    busy: () => boolean;
    array: ArrayOf;
    lesson: LessonData;
  }

  /** How the line to the kernel is, and what mends it. */
  interface Connection {
    status: string;
    why?: string;
    broken(): boolean;
    onstatus(listener: (status: string) => void): void;
    reconnect(): Promise<unknown>;
    renew?(): void;
  }

  type Heard = (content: any, buffers: DataView[]) => void;

  /** A widget's model, as anywidget gives it; our own pages add the last three. */
  interface Model {
    get(name: string): any;
    send(content: any, callbacks?: unknown, buffers?: ArrayBuffer[]): void;
    on(event: string, handler: Heard): void;
    off(event: string, handler: Heard): void;
    /** A page that was saved: it has no kernel. */
    saved?: boolean;
    link?: Connection;
    asset?(name: string): string;
    /** The page follows a class: what it shows is the lecturer's. */
    follows?: boolean;
    /** Offer what a class has to offer; returns what takes it away. */
    seat?(page: SeatedPage): () => void;
  }

  /** What a class uses of a lesson's page. */
  interface SeatedPage {
    root: HTMLElement;
    lesson: LessonData;
    menu: Menu;
    transport: Playback;
    outlines: Outlines;
    state: import("./page/page_state.js").PageState;
    conversation: ReturnType<typeof import("./page/conversation.js").makeConversation>;
    jump: AskFor;
  }

  interface Window {
    Plotly?: any;
  }
}
