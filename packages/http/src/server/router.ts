import type { Reply } from './reply.ts';
import type { Handler, HttpRequest } from './request.ts';

/**
 * Handlers by path, with a method in front or without: `"/items"`, `"GET /items/:id"`, `"/files/*"`. `:name` stands for
 * one part of the path and `*` at the end for all that follows. Exact paths go before placeholders, those before `*`; of
 * equal ones those with a method before those without, then the first counts. GET serves HEAD too.
 */
export type Routes = Readonly<Record<string, Handler>>;

interface Route {
  readonly method: string;
  readonly parts: readonly string[];
  readonly handler: Handler;
}

const NOT_FOUND: Handler = () => ({ status: 404, body: 'not found' });

/** Finds the handler of a request. */
export class Router {
  readonly #handler: Handler | undefined;
  readonly #exact = new Map<string, Route[]>();
  readonly #patterns: Route[] = [];

  /** @param wrong refuses a route; does not return. */
  constructor(handler: Handler | undefined, routes: Routes, wrong: (wanted: string) => never) {
    this.#handler = handler;
    for (const [key, route] of Object.entries(routes)) {
      const match = /^(?:([A-Z-]+) +)?([/*].*)$/.exec(key);
      if (match === null || typeof route !== 'function')
        wrong(`functions by "/path" or "METHOD /path"; ${JSON.stringify(key.slice(0, 80))} is none`);
      else this.#add(match[1] ?? '', match[2] as string, route);
    }
    // Placeholders before stars, longer ones first.
    const rank = ({ parts }: Route): number => parts.length - (parts.at(-1) === '*' ? 1000 : 0);
    this.#patterns.sort((a, b) => rank(b) - rank(a) || narrowness(b) - narrowness(a));
    for (const same of this.#exact.values()) same.sort((a, b) => narrowness(b) - narrowness(a));
  }

  #add(method: string, path: string, handler: Handler): void {
    const parts = path.split('/').slice(1);
    if (path === '*') parts.push('*');
    const route = { method, parts, handler };
    if (parts.some((part) => part === '*' || part.startsWith(':'))) this.#patterns.push(route);
    else this.#exact.set(path, [...(this.#exact.get(path) ?? []), route]);
  }

  /** Answers a request by its handler, or with 404 or 405. @throws ERR_HTTP_URL, and what the handler throws. */
  handle(request: HttpRequest): Reply | Promise<Reply> {
    const handler = this.#handler ?? this.#find(request);
    return handler(request);
  }

  #find(request: HttpRequest): Handler {
    const { method, path } = request;
    const candidates = this.#exact.get(path) ?? [];
    const found = candidates.find((route) => serves(route, method));
    if (found !== undefined) return found.handler;
    const parts = path.split('/').slice(1);
    const methods = candidates.map((route) => route.method);
    for (const route of this.#patterns) {
      const params = matched(route.parts, parts);
      if (params === undefined) continue;
      if (!serves(route, method)) {
        methods.push(route.method);
        continue;
      }
      request.params = params;
      return route.handler;
    }
    if (methods.length === 0) return NOT_FOUND;
    if (methods.includes('GET')) methods.push('HEAD');
    return () => ({
      status: 405,
      headers: { allow: [...new Set(methods)].join(', ') },
      body: 'method not allowed',
    });
  }
}

/** One method before GET, which serves HEAD too, before any. */
function narrowness({ method }: Route): number {
  return method === '' ? 0 : method === 'GET' ? 1 : 2;
}

function serves(route: Route, method: string): boolean {
  return route.method === '' || route.method === method || (route.method === 'GET' && method === 'HEAD');
}

/** What the placeholders of a pattern stand for, undefined if it does not fit. */
function matched(pattern: readonly string[], parts: readonly string[]): Record<string, string> | undefined {
  const params = Object.create(null) as Record<string, string>;
  for (const [index, part] of pattern.entries()) {
    if (part === '*') {
      params['*'] = parts.slice(index).join('/');
      return params;
    }
    const given = parts[index];
    if (given === undefined) return undefined;
    if (part.startsWith(':')) {
      if (given === '') return undefined;
      params[part.slice(1)] = given;
    } else if (part !== given) return undefined;
  }
  return parts.length === pattern.length ? params : undefined;
}
