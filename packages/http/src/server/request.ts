import type { ServiceKernel } from '@skynet/core/kernel';
import { Headers } from '../headers.ts';
import { type BodySource, IncomingBody } from '../incoming-body.ts';
import type { MessageHead } from '../parser/message-parser.ts';
import { parseQuery, pathOf, type QueryTable } from '../url.ts';
import type { Reply } from './reply.ts';

/** Answers a request, in the service's turn. What it throws is answered with 500 and logged. */
export type Handler = (request: HttpRequest) => Reply | Promise<Reply>;

/** A request, as its handler gets it. */
export class HttpRequest {
  /** `GET`, `POST`, … */
  readonly method: string;
  /** The target as it came, one character a byte. */
  readonly url: string;
  /** 10 for HTTP/1.0, 11 for HTTP/1.1. */
  readonly version: number;
  /** Fields of the head, as they came. */
  readonly headers: Headers;
  /** `ip:port` of the peer. */
  readonly remoteAddress: string;
  /** What came, or comes, behind the head. Empty if there is none. */
  readonly body: IncomingBody;
  /** What the placeholders of the route stand for, by name; `*` for the rest of the path. */
  params: Readonly<Record<string, string>> = NO_PARAMS;
  #path: string | undefined = undefined;
  #abort: AbortController | undefined = undefined;
  #gone = false;

  /** Made by the server. */
  constructor(kernel: ServiceKernel, head: MessageHead, remoteAddress: string, source: BodySource) {
    this.method = head.method;
    this.url = head.url;
    this.version = head.version;
    this.headers = new Headers(head.fields);
    this.remoteAddress = remoteAddress;
    this.body = new IncomingBody(kernel, source);
  }

  /** The path, decoded. Scheme and host of an absolute target are left out. @throws ERR_HTTP_URL. */
  get path(): string {
    this.#path ??= pathOf(this.url);
    return this.#path;
  }

  /** The query as it came, without `?`; empty without one. */
  get query(): string {
    const mark = this.url.indexOf('?');
    return mark === -1 ? '' : this.url.slice(mark + 1);
  }

  /** The values of the query. @throws ERR_HTTP_URL. */
  queries(): QueryTable {
    return parseQuery(this.query);
  }

  /** Aborted when nobody waits for the answer any more: the peer is gone. */
  get signal(): AbortSignal {
    this.#abort ??= new AbortController();
    if (this.#gone) this.#abort.abort();
    return this.#abort.signal;
  }

  /** Whether the peer is gone. */
  get gone(): boolean {
    return this.#gone;
  }

  /** For the connection: the peer is gone. */
  leave(): void {
    this.#gone = true;
    this.#abort?.abort();
  }
}

const NO_PARAMS: Readonly<Record<string, string>> = Object.freeze(Object.create(null));
