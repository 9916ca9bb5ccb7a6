import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { runs } from '../../../../test/runs.ts';
import type { Parts } from '../../src/cluster/part.ts';
import {
  decodeRequest,
  encodePush,
  encodeRequest,
  encodeTrace,
  isLargeRequest,
  nextSession,
  requestParts,
  type Target,
} from '../../src/cluster/request-frame.ts';
import {
  decodeResponse,
  encodeFailure,
  encodeResponse,
  isLargeResponse,
  responseParts,
} from '../../src/cluster/response-frame.ts';
import { bytesOf, expectBytes, rowsOf, type Written } from '../vectors/rows.ts';

interface Row {
  fn: string;
  in?: Written[];
  addr?: number | { s: Written } | false;
  session?: number;
  msg?: Written;
  next?: number;
  out?: Written | boolean;
  parts?: Written[];
  list?: Written[];
  err?: string;
  none?: boolean;
  padding?: boolean;
  push?: boolean;
  size?: number;
  trace?: Written;
  ok?: boolean;
}

const rows = rowsOf<Row>('cluster.json').filter((row) => row.fn !== 'isname');

function targetOf(addr: Row['addr']): Target {
  if (typeof addr === 'number') return addr;
  if (addr === undefined || addr === false) throw new Error('a row without an address');
  return Buffer.from(bytesOf(addr.s)).toString();
}

function all(parts: Parts): Buffer[] {
  return [...{ [Symbol.iterator]: () => parts }];
}

function expectAll(actual: Uint8Array[], written: readonly Written[]): void {
  expect(actual).toHaveLength(written.length);
  for (const [i, part] of written.entries()) expectBytes(actual[i] as Uint8Array, part);
}

function packs(row: Row): void {
  const to = targetOf(row.addr);
  const session = row.session as number;
  const body = bytesOf(row.msg as Written);
  const isPush = row.fn === 'packpush';
  const encode = (): Uint8Array => (isPush ? encodePush : encodeRequest)(to, session, body);
  if (row.err !== undefined) {
    expect(encode).toThrow(row.err.replace(/: $/, ''));
    return;
  }
  expectBytes(encode(), row.out as Written);
  if (isLargeRequest(body)) expectAll(all(requestParts(session, body)), row.parts ?? []);
  else expect(row.parts).toBeUndefined();

  expect(nextSession(session)).toBe(row.next);
}

function unpacksRequest(row: Row): void {
  const frame = Buffer.from(bytesOf((row.in as Written[])[0] as Written));
  if (row.err !== undefined) {
    expect(() => decodeRequest(frame)).toThrow(row.err);
    return;
  }
  const request = decodeRequest(frame);
  if (request.kind === 'trace') {
    expectBytes(Buffer.from(request.tag), row.trace as Written);
    return;
  }
  expect(request.session).toBe(row.session);
  if (request.kind === 'part') {
    expect(row.addr).toBe(false);
    expect(!request.isLast).toBe(row.padding);
  } else {
    expect(request.to).toBe(targetOf(row.addr));
    expect(request.kind === 'head').toBe(row.padding);
    expect(request.kind === 'head' ? request.isPush : request.session === 0).toBe(row.push);
  }
  if (request.kind === 'head') expect(request.size).toBe(row.size);
  else expectBytes(request.body, row.msg as Written);
}

function packsResponse(row: Row): void {
  const session = row.session as number;
  const body = bytesOf(row.msg as Written);
  if (row.ok !== true) {
    expectBytes(encodeFailure(session, body), row.out as Written);
    return;
  }
  const rest = isLargeResponse(body) ? all(responseParts(session, body)) : [];
  expectAll([encodeResponse(session, body), ...rest], row.list ?? [row.out as Written]);
}

function unpacksResponse(row: Row): void {
  const response = decodeResponse(Buffer.from(bytesOf((row.in as Written[])[0] as Written)));
  if (row.none === true) {
    expect(response).toBeUndefined();
    return;
  }
  if (response === undefined) throw new Error('it is an answer');
  expect(response.session).toBe(row.session);
  expect(response.kind !== 'error').toBe(row.ok);
  expect(response.kind === 'head' || (response.kind === 'part' && !response.isLast)).toBe(row.padding);
  if (response.kind === 'head') expect(response.size).toBe(row.size);
  else if (response.kind !== 'error') expectBytes(response.body, row.msg as Written);
}

describe('cluster frames are those of the original', () => {
  test.each(rows.map((row, i) => [`${i} ${row.fn}`, row] as const))('%s', (_name, row) => {
    switch (row.fn) {
      case 'packrequest':
      case 'packpush':
        packs(row);
        break;
      case 'unpackrequest':
        unpacksRequest(row);
        break;
      case 'packresponse':
        packsResponse(row);
        break;
      case 'unpackresponse':
        unpacksResponse(row);
        break;
      case 'packtrace': {
        const tag = Buffer.from(bytesOf((row.in as Written[])[0] as Written)).toString('latin1');
        if (row.err === undefined) expectBytes(encodeTrace(tag), row.out as Written);
        else expect(() => encodeTrace(tag)).toThrow(/trace tag is too long/);
        break;
      }
      default:
        throw new Error(`no such function: ${row.fn}`);
    }
  });
});

describe('any bytes', () => {
  test('are a frame of a request, or refused with a code', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        try {
          decodeRequest(Buffer.from(bytes));
        } catch (error) {
          expect((error as { code: unknown }).code).toBe('ERR_CLUSTER_PROTOCOL');
        }
      }),
      { numRuns: runs(1000) },
    );
  });

  test('are a frame of an answer, or none', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
        const response = decodeResponse(Buffer.from(bytes));
        if (response === undefined) return;
        expect(bytes.length).toBeGreaterThanOrEqual(5);
      }),
      { numRuns: runs(1000) },
    );
  });

  test('come through as the body of a request', () => {
    fc.assert(
      fc.property(
        fc.oneof(fc.integer({ min: 1, max: 0xffffffff }), fc.stringMatching(/^@[a-z]{1,200}$/)),
        fc.integer({ min: 1, max: 0x7fffffff }),
        fc.uint8Array({ maxLength: 400 }),
        (to, session, body) => {
          const request = decodeRequest(encodeRequest(to, session, body).subarray(2));
          expect(request).toEqual({ kind: 'whole', to, session, body: Buffer.from(body) });
        },
      ),
      { numRuns: runs(300) },
    );
  });
});
