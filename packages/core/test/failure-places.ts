import { readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'vitest';
import type { Seen } from './fixtures/failures/caller.ts';

/** Code of each failure of the fixture `caller`, and the line of the other side in what led to it. */
export const FAILURES: Readonly<Record<string, readonly [code: string, led?: string]>> = {
  throws: ['ERR_REMOTE', 'in boom'],
  throwsLater: ['ERR_REMOTE', 'in later'],
  throughAnother: ['ERR_REMOTE', 'in relay'],
  unknownCommand: ['ERR_UNKNOWN_COMMAND'],
  noDispatch: ['ERR_NO_DISPATCH'],
  refused: ['ERR_REFUSED', 'in refuse'],
  proxy: ['ERR_REMOTE', 'in boom'],
  ends: ['ERR_SERVICE_GONE'],
  killed: ['ERR_SERVICE_GONE'],
  dead: ['ERR_NO_SERVICE'],
  noName: ['ERR_NO_SERVICE'],
  noAddress: ['ERR_ADDRESS_INVALID'],
  unserializable: ['ERR_UNSERIALIZABLE'],
  late: ['ERR_TIMEOUT'],
  aborted: ['ERR_ABORTED'],
  givenUp: ['ERR_ABORTED'],
  group: ['ERR_REMOTE', 'in later'],
  several: ['ERR_REMOTE', 'in later'],
  inQueue: ['ERR_REMOTE', 'in boom'],
  badStart: ['ERR_SERVICE_INIT', 'in start'],
  badStartElsewhere: ['ERR_SERVICE_INIT', 'in start'],
  noModule: ['ERR_SERVICE_NOT_FOUND'],
  brokenModule: ['ERR_SERVICE_MODULE', 'in broken module'],
  badArgument: ['ERR_LAUNCH_ARGUMENT'],
  badThread: ['ERR_ARGUMENT'],
  unique: ['ERR_SERVICE_INIT'],
  uniqueNameless: ['ERR_ARGUMENT'],
  queryNameless: ['ERR_ARGUMENT'],
  monitor: ['ERR_SERVICE_INIT'],
  foreign: ['ENOENT'],
  foreignLate: ['ERR_TIMEOUT'],
  badTime: ['ERR_DURATION_INVALID'],
  sameToken: ['ERR_TOKEN_IN_USE'],
  connect: ['ERR_CONNECT'],
  listen: ['ERR_LISTEN'],
  badAddress: ['ERR_ADDRESS_INVALID'],
};

/** Fails unless a failure names the line of whoever waited first, and what led to it the line of the other side. */
export function expectPlaces(name: string, seen: Seen): void {
  const [code, led] = FAILURES[name] as (typeof FAILURES)[string];
  expect([name, seen.code]).toEqual([name, code]);
  expect(firstLine(seen.stack), seen.stack).toMatch(new RegExp(`// here ${name}$`));
  expect(seen.stack, `${name}: frames that are the framework's`).not.toMatch(
    /node:internal|packages\/\w+\/(?:src|dist)\//,
  );
  if (led !== undefined) expect(firstLine(seen.cause ?? ''), seen.cause).toMatch(new RegExp(`// ${led}$`));
}

/** The line of source that the first frame of a stack is about that is not the framework's, with a comment below it. */
export function firstLine(stack: string): string {
  const frames = stack.split('\n').filter((line) => PLACE.test(line));
  return lineOf(frames.find((frame) => !/node:|packages\/\w+\/(?:src|dist)\//.test(frame)) ?? '');
}

/** A log entry whose frames are told by the comments of their lines: `at caller.ts: here throws`. Without those of vitest. */
export function placed(entry: string): string {
  return entry
    .split('\n')
    .filter((line) => !line.includes('/node_modules/'))
    .map((line) => {
      const [, place = ''] = PLACE.exec(line) ?? [];
      return place === '' ? line : `    at ${path.basename(place)}: ${/\/\/ (.*)$/.exec(lineOf(line))?.[1]}`;
    })
    .join('\n');
}

/** `    at async name (place:line:column)`. */
const PLACE = /^ {4}at (?:.* \()?(?:async )?([^\s()]+):(\d+):\d+\)?$/;

function lineOf(frame: string): string {
  const [, place = '', line = ''] = PLACE.exec(frame) ?? [];
  if (place === '') return '';
  const file = place.startsWith('file:') ? fileURLToPath(place) : place;
  const [text = '', below = ''] = readFileSync(file, 'utf8')
    .split('\n')
    .slice(Number(line) - 1);
  return /^\s*\/\//.test(below) ? text + below : text;
}
