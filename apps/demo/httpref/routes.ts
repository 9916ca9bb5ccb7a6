import type { Skynet } from '@skynet/core';
import {
  bytesOf,
  createHttpc,
  type Handler,
  type Headers,
  type HeaderTable,
  type HttpRequest,
  type QueryTable,
  type Reply,
  url,
} from '@skynet/http';
import { digest, fill, filled } from './pattern.ts';

/** Answers by path. */
type Answers = Readonly<Record<string, (request: HttpRequest, query: QueryTable) => Reply | Promise<Reply>>>;

/** The handler of all paths. */
export function createHandler(skynet: Skynet, others: Answers): Handler {
  const answers: Answers = { ...ANSWERS, ...clientAnswers(skynet), ...others };
  return async (request) => {
    const { path } = url.parse(request.url);
    const answer = Object.hasOwn(answers, path) ? answers[path] : undefined;
    if (answer !== undefined) return answer(request, url.parseQuery(request.query));
    await request.body.bytes();
    return { status: 404, body: 'not found' };
  };
}

/** Text of bytes, one character each. */
export function lines(...rows: string[]): Buffer {
  return Buffer.from(rows.map((row) => `${row}\n`).join(''), 'latin1');
}

/** A number of the query. */
function number(query: QueryTable, key: string): number {
  return Number(query[key]);
}

/** The value of a key, of a repeated one the last. */
export function value(query: QueryTable, key: string): string | undefined {
  return [query[key]].flat().at(-1);
}

function byName(fields: Iterable<readonly [name: string, value: string]>): string[] {
  return [...fields]
    .sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0))
    .map(([name, text]) => `header: ${name}=${text}`);
}

const ANSWERS: Answers = {
  '/echo': async (request) => {
    const body = await request.body.bytes();
    const { path, query } = url.parse(request.url);
    return lines(
      `method: ${request.method}`,
      `url: ${request.url}`,
      `path: ${bytesOf(path).toString('hex')}`,
      `query: ${query}`,
      ...byName(request.headers),
      `body: ${digest(body)}`,
    );
  },
  '/body': async (request) => ({
    headers: { 'content-type': 'application/octet-stream' },
    body: await request.body.bytes(),
  }),
  '/query': async (request, query) => {
    await request.body.bytes();
    const keys = Object.keys(query).map((key) => ({
      bytes: bytesOf(key),
      values: [query[key] ?? []].flat(),
    }));
    keys.sort((a, b) => Buffer.compare(a.bytes, b.bytes));
    return lines(
      ...keys.flatMap(({ bytes, values }) =>
        values.map((text) => `${bytes.toString('hex')}=${bytesOf(text).toString('hex')}`),
      ),
    );
  },
  '/status': async (request, query) => {
    await request.body.bytes();
    return { status: number(query, 'code'), body: `status ${value(query, 'code')}` };
  },
  '/nobody': async (request, query) => {
    await request.body.bytes();
    return { status: number(query, 'code') };
  },
  '/headers': async (request) => {
    await request.body.bytes();
    return {
      headers: {
        'x-list': ['one', 'two', 'three'],
        'x-single': 'value',
        'set-cookie': ['a=1; Path=/', 'b=2'],
      },
      body: 'headers',
    };
  },
  '/chunked': async (request, query) => {
    await request.body.bytes();
    return { body: pieces(number(query, 'n'), number(query, 'size')) };
  },
  '/big': async (request, query) => {
    await request.body.bytes();
    const size = number(query, 'n');
    return { headers: { 'content-length': size }, body: filled(1, size) };
  },
  '/error': async (request) => {
    await request.body.bytes();
    throw new Error('the handler raises');
  },
};

function* pieces(count: number, size: number): Generator<Buffer> {
  for (let i = 1; i <= count; i++) yield fill(i & 255, size);
}

/** Fields of the request that are to be passed on. */
export function passedFields(headers: Headers): [name: string, value: string][] {
  return [...headers]
    .filter(([name]) => name.startsWith('x-fetch-'))
    .map(([name, text]) => [name.slice('x-fetch-'.length), text]);
}

/** A failure as a line. */
export function failure(error: unknown): string {
  if (!(error instanceof Error)) throw error;
  return `error: ${error.message.replace(/[\r\n]+/g, ' ')}`;
}

function clientAnswers(skynet: Skynet): Answers {
  return {
    '/slow': async (request, query) => {
      await request.body.bytes();
      await skynet.sleep(number(query, 'cs'));
      return 'slow';
    },
    '/fetch': async (request, query) => {
      const content = await request.body.bytes();
      try {
        return lines(...(await fetched(skynet, request, query, content)));
      } catch (error) {
        return lines(failure(error));
      }
    },
  };
}

async function fetched(
  skynet: Skynet,
  { headers }: HttpRequest,
  query: QueryTable,
  content: Buffer,
): Promise<string[]> {
  const httpc = createHttpc(skynet);
  if (query['timeout'] !== undefined) httpc.timeout = number(query, 'timeout');
  const host = value(query, 'host') ?? '';
  const target = value(query, 'url') ?? '/';
  const method = value(query, 'method') ?? 'GET';
  const header: HeaderTable = Object.create(null) as HeaderTable;
  const fields = passedFields(headers);
  const sent = fields.length === 0 ? undefined : fields;
  const body = content.length === 0 ? undefined : content;
  const form = value(query, 'form');
  if (value(query, 'head') === '1') {
    const code = await httpc.head(host, target, header, sent, body);
    return [`code: ${code}`, ...tableLines(header)];
  }
  if (value(query, 'stream') === '1') {
    const stream = await httpc.requestStream(method, host, target, header, sent, body);
    const pieces: Buffer[] = [];
    const errors: string[] = [];
    try {
      for await (const piece of stream) pieces.push(piece);
    } catch (error) {
      errors.push(failure(error));
    }
    return [
      `code: ${stream.status}`,
      ...errors,
      ...tableLines(header),
      `complete: ${errors.length === 0}`,
      `body: ${digest(Buffer.concat(pieces))}`,
    ];
  }
  const [code, answer] =
    form === undefined
      ? await httpc.request(method, host, target, header, sent, body)
      : await httpc.post(host, target, formOf(form), header);
  return [`code: ${code}`, ...tableLines(header), `body: ${digest(answer)}`];
}

function formOf(text: string): Record<string, string> {
  const equals = text.indexOf('=');
  return { [text.slice(0, equals)]: text.slice(equals + 1) };
}

function tableLines(table: HeaderTable): string[] {
  return byName(
    Object.entries(table).flatMap(([name, values]) => [values].flat().map((one) => [name, one] as const)),
  );
}
