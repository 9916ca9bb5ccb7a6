import { createRequire } from 'node:module';

/**
 * llhttp, the parser of Node itself, as the WebAssembly that undici carries. Node gives its own out only together with
 * `node:http`; this one parses bytes from any transport, stops behind each message, and tells where. What is used of it
 * is checked when it is loaded.
 */

/** Which messages are parsed. */
export const REQUEST = 1;
export const RESPONSE = 2;

/** What `execute` returns, as far as it is told apart. */
export const RESULT = {
  OK: 0,
  INVALID_METHOD: 6,
  INVALID_VERSION: 9,
  INVALID_TRANSFER_ENCODING: 15,
  PAUSED: 21,
  PAUSED_H2_UPGRADE: 23,
} as const;

/** Told what is found, while `execute` runs. Positions are within its chunk. What a method returns stops it, unless 0. */
export interface Spans {
  messageBegin(): number;
  url(start: number, length: number): number;
  status(start: number, length: number): number;
  headerField(start: number, length: number): number;
  headerValue(start: number, length: number): number;
  headersComplete(): number;
  body(start: number, length: number): number;
  messageComplete(): number;
}

interface Exports {
  readonly memory: { readonly buffer: ArrayBuffer };
  _initialize(): void;
  malloc(size: number): number;
  free(pointer: number): void;
  llhttp_alloc(type: number): number;
  llhttp_reset(parser: number): void;
  llhttp_execute(parser: number, chunk: number, length: number): number;
  llhttp_finish(parser: number): number;
  llhttp_resume(parser: number): void;
  llhttp_resume_after_upgrade(parser: number): void;
  llhttp_get_error_pos(parser: number): number;
  llhttp_get_error_reason(parser: number): number;
  llhttp_get_http_major(parser: number): number;
  llhttp_get_http_minor(parser: number): number;
  llhttp_get_method(parser: number): number;
  llhttp_method_name(method: number): number;
  llhttp_get_status_code(parser: number): number;
  llhttp_should_keep_alive(parser: number): number;
}

const NEEDED: readonly (keyof Exports)[] = [
  '_initialize',
  'malloc',
  'free',
  'llhttp_alloc',
  'llhttp_reset',
  'llhttp_execute',
  'llhttp_finish',
  'llhttp_resume',
  'llhttp_resume_after_upgrade',
  'llhttp_get_error_pos',
  'llhttp_get_error_reason',
  'llhttp_get_http_major',
  'llhttp_get_http_minor',
  'llhttp_get_method',
  'llhttp_method_name',
  'llhttp_get_status_code',
  'llhttp_should_keep_alive',
];

/** What of WebAssembly is used; Node's types have it only together with a browser's. */
interface WebAssemblyApi {
  readonly Module: new (code: Uint8Array) => object;
  readonly Instance: new (
    module: object,
    imports: object,
  ) => { readonly exports: Readonly<Record<string, unknown>> };
}

const { WebAssembly } = globalThis as unknown as { readonly WebAssembly: WebAssemblyApi };

/** Bytes that are given to it at once; longer chunks go in pieces. */
const WINDOW = 65_536;

/** Where a parser keeps what is left of a chunk, 64 bits. */
const LEFT = 32;
/** A chunk by which that place is tried, and its size. */
const TRIAL = 'POST / HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\n123456789ab\r\n';
const TRIAL_LEFT = 0x123456789ab;

/** The library, one for each thread: its memory, a window in it for what is parsed, and parsers that are free again. */
class Library {
  readonly calls: Exports;
  readonly window: number;
  readonly #methods: string[] = [];
  readonly #free: [requests: number[], responses: number[]] = [[], []];
  #heap: Buffer;
  readonly #knowsLeft: boolean;
  /** Who hears of what is found in the chunk that is being parsed. */
  spans: Spans | undefined = undefined;

  constructor() {
    const require = createRequire(import.meta.url);
    const found = (name: 'messageBegin' | 'headersComplete' | 'messageComplete') => (): number =>
      this.spans?.[name]() ?? 0;
    const span = (name: 'url' | 'status' | 'headerField' | 'headerValue' | 'body') => {
      return (_parser: number, at: number, length: number): number =>
        this.spans?.[name](at - this.window, length) ?? 0;
    };
    const { exports } = new WebAssembly.Instance(compile(require), {
      env: {
        wasm_on_message_begin: found('messageBegin'),
        wasm_on_url: span('url'),
        wasm_on_status: span('status'),
        wasm_on_header_field: span('headerField'),
        wasm_on_header_value: span('headerValue'),
        wasm_on_headers_complete: found('headersComplete'),
        wasm_on_body: span('body'),
        wasm_on_message_complete: found('messageComplete'),
      },
    });
    const missing = NEEDED.filter((name) => typeof exports[name] !== 'function');
    if (missing.length > 0) throw new Error(`the llhttp of undici lacks ${missing.join(', ')}`);
    this.calls = exports as unknown as Exports;
    this.calls._initialize();
    this.window = this.calls.malloc(WINDOW);
    this.#heap = Buffer.from(this.calls.memory.buffer);
    this.#knowsLeft = this.#tryLeft();
  }

  #tryLeft(): boolean {
    const parser = this.take(REQUEST);
    this.calls.llhttp_execute(parser, this.window, this.heap.write(TRIAL, this.window, 'latin1'));
    const left = this.#leftOf(parser);
    this.giveBack(REQUEST, parser);
    return left === TRIAL_LEFT;
  }

  /** Its memory, which moves when it grows. */
  get heap(): Buffer {
    const { buffer } = this.calls.memory;
    if (this.#heap.buffer !== buffer) this.#heap = Buffer.from(buffer);
    return this.#heap;
  }

  /** What is left of a chunk: the parser gives no such number out. 0 where its memory is not as we know it. */
  left(parser: number): number {
    return this.#knowsLeft ? this.#leftOf(parser) : 0;
  }

  #leftOf(parser: number): number {
    const { heap } = this;
    return heap.readUInt32LE(parser + LEFT) + heap.readUInt32LE(parser + LEFT + 4) * 2 ** 32;
  }

  take(type: number): number {
    return this.#free[type - 1]?.pop() ?? this.calls.llhttp_alloc(type);
  }

  giveBack(type: number, parser: number): void {
    this.calls.llhttp_reset(parser);
    this.#free[type - 1]?.push(parser);
  }

  text(pointer: number): string {
    if (pointer === 0) return '';
    const { heap } = this;
    return heap.toString('latin1', pointer, heap.indexOf(0, pointer));
  }

  method(number: number): string {
    this.#methods[number] ??= this.text(this.calls.llhttp_method_name(number));
    return this.#methods[number];
  }
}

/** With SIMD where the processor has it. */
function compile(require: NodeJS.Require): object {
  try {
    return new WebAssembly.Module(require('undici/lib/llhttp/llhttp_simd-wasm.js') as Uint8Array);
  } catch {
    return new WebAssembly.Module(require('undici/lib/llhttp/llhttp-wasm.js') as Uint8Array);
  }
}

let library: Library | undefined;

/** A parser of one connection. To be given back with {@link Llhttp.free}. */
export class Llhttp {
  readonly #library: Library;
  readonly #type: number;
  readonly #spans: Spans;
  #parser: number;

  constructor(type: typeof REQUEST | typeof RESPONSE, spans: Spans) {
    library ??= new Library();
    this.#library = library;
    this.#type = type;
    this.#spans = spans;
    this.#parser = library.take(type);
  }

  /**
   * Parses a chunk of at most {@link Llhttp.window} bytes.
   * @returns one of {@link RESULT}, or another number for an error.
   */
  execute(chunk: Uint8Array): number {
    const { calls, window } = this.#library;
    this.#library.heap.set(chunk, window);
    this.#library.spans = this.#spans;
    return calls.llhttp_execute(this.#parser, window, chunk.length);
  }

  static get window(): number {
    return WINDOW;
  }

  /** The stream has ended: 0 if a message may end so. */
  finish(): number {
    this.#library.spans = this.#spans;
    return this.#library.calls.llhttp_finish(this.#parser);
  }

  /** Where the last chunk was left, when it was. */
  get position(): number {
    return this.#library.calls.llhttp_get_error_pos(this.#parser) - this.#library.window;
  }

  /** Goes on behind a pause. */
  resume(result: number): void {
    const { calls } = this.#library;
    if (result === RESULT.PAUSED) calls.llhttp_resume(this.#parser);
    else calls.llhttp_resume_after_upgrade(this.#parser);
  }

  /** Begins again with another stream. */
  reset(): void {
    this.#library.calls.llhttp_reset(this.#parser);
  }

  /** Why it failed. Says nothing of what was read. */
  get reason(): string {
    return this.#library.text(this.#library.calls.llhttp_get_error_reason(this.#parser));
  }

  get method(): string {
    return this.#library.method(this.#library.calls.llhttp_get_method(this.#parser));
  }

  get status(): number {
    return this.#library.calls.llhttp_get_status_code(this.#parser);
  }

  /** 10 for HTTP/1.0, 11 for HTTP/1.1. */
  get version(): number {
    const { calls } = this.#library;
    return calls.llhttp_get_http_major(this.#parser) * 10 + calls.llhttp_get_http_minor(this.#parser);
  }

  get keepAlive(): boolean {
    return this.#library.calls.llhttp_should_keep_alive(this.#parser) !== 0;
  }

  /** Bytes that a chunk has announced, as far as its size has been read, and that have not come yet. */
  get left(): number {
    return this.#library.left(this.#parser);
  }

  free(): void {
    if (this.#parser === 0) return;
    this.#library.giveBack(this.#type, this.#parser);
    this.#parser = 0;
  }
}
