/** Most lines of a head. */
const MAX_HEADERS = 100;
/** Longest head, and longest body, in bytes. */
const MAX_BYTES = 8192;
/** A header that a web page cannot send to another host unless that host agrees, which the console never does. */
const OWN_HEADER = 'skynet-console';

const CONTROL = /(?!\t)\p{Cc}/u;
const NAME = /^[\w!#$%&'*+.^`|~-]+$/;
/** Headers by which browsers give themselves away, besides all that begin with `sec-` and `access-control-`. */
const OF_BROWSERS = ['origin', 'referer', 'cookie', 'upgrade-insecure-requests'];
const LOOPBACK = ['localhost', '127.0.0.1', '[::1]'];

/** What a visitor asks over HTTP. */
export interface ConsoleRequest {
  /** GET is for commands that change nothing. */
  readonly method: 'GET' | 'POST';
  /** The command line in the path, if there is one. */
  readonly pathLine: string;
  /** Length of the body in bytes, 0 for GET. */
  readonly length: number;
  /** What is shown as a token. */
  readonly bearer: string | undefined;
  /** Whether it carries the header that no web page can send. */
  readonly own: boolean;
}

/** Whether the first line of a visitor begins a request, of whatever method and version: it must never run as a command. */
export function isRequestLine(line: string): boolean {
  return /^http\/[^"']*$/i.test(line.trim().split(/\s+/).at(-1) ?? '');
}

/** Takes the lines of a request's head, up to the empty one, and says what is asked or why not. */
export class RequestReader {
  readonly #hosts: readonly string[];
  readonly #headers = new Map<string, string>();
  #line: { method: 'GET' | 'POST'; target: string } | undefined;
  #bytes = 0;
  #lines = 0;

  /** @param hosts - names under which the console may be asked for besides the loopback's. */
  constructor(hosts: readonly string[]) {
    this.#hosts = [...LOOPBACK, ...hosts.map((host) => host.toLowerCase())];
  }

  /** The next line; undefined asks for more, a text says why the request is refused. */
  take(line: string): ConsoleRequest | string | undefined {
    this.#bytes += line.length;
    if (this.#bytes > MAX_BYTES || this.#lines++ > MAX_HEADERS) return 'Too many headers';
    if (this.#line === undefined) return this.#requestLine(line);
    return line === '' ? this.#complete(this.#line) : this.#header(line);
  }

  #requestLine(line: string): string | undefined {
    const [method = '', target = '', version = '', ...more] = line.split(' ');
    if (!/^HTTP\/1\.[01]$/.test(version) || more.length > 0) return 'Bad request: not HTTP/1.1';
    if (method !== 'GET' && method !== 'POST') return 'Method not allowed: only GET and POST are';
    if (!target.startsWith('/')) return 'Bad request: the target must be a path';
    this.#line = { method, target };
    return undefined;
  }

  #header(line: string): string | undefined {
    const colon = line.indexOf(':');
    const name = line.slice(0, Math.max(0, colon)).toLowerCase();
    if (!NAME.test(name) || CONTROL.test(line)) return 'Bad request: a header is malformed';
    this.#headers.set(name, line.slice(colon + 1).trim());
    return undefined;
  }

  #complete({ method, target }: { method: 'GET' | 'POST'; target: string }): ConsoleRequest | string {
    const headers = this.#headers;
    if (this.#isOfPage()) return 'Not for web pages';
    if (headers.size < this.#lines - 2) return 'Bad request: a header comes twice';
    for (const name of ['transfer-encoding', 'upgrade'])
      if (headers.has(name)) return `Bad request: no ${name} here`;
    const length = headers.get('content-length') ?? '0';
    if (!/^\d{1,9}$/.test(length)) return 'Bad request: a header is malformed';
    if (Number(length) > MAX_BYTES) return 'Body too long';
    return {
      method,
      pathLine: wordsOf(target),
      length: method === 'POST' ? Number(length) : 0,
      bearer: bearerOf(headers.get('authorization')),
      own: headers.has(OWN_HEADER),
    };
  }

  /**
   * Whether a page in somebody's browser makes the request, by itself or under a name it pointed at this machine. Pages
   * that browsers take for foreign to this machine send nothing that says so (`http://0.0.0.0`), so only addresses are
   * answered that no page can reach like that.
   */
  #isOfPage(): boolean {
    const headers = this.#headers;
    const names = [...headers.keys()];
    if (names.some((name) => OF_BROWSERS.includes(name) || /^(sec|access-control)-/.test(name))) return true;
    if (/^mozilla\//i.test(headers.get('user-agent') ?? '')) return true;
    const host = headers.get('host');
    return host !== undefined && !this.#hosts.includes(host.toLowerCase().replace(/:\d{1,5}$/, ''));
  }
}

/** `/info/9/a%20b` as the words of a command. */
function wordsOf(target: string): string {
  const path = target.replaceAll('/', ' ').trim();
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}

function bearerOf(authorization: string | undefined): string | undefined {
  const [scheme = '', text, ...more] = authorization?.split(' ') ?? [];
  return scheme.toLowerCase() === 'bearer' && more.length === 0 ? text : undefined;
}
