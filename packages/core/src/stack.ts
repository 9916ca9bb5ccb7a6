import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** Frames that are taken beyond the limit, so that the framework's do not keep a user's out. */
const ROOM = 20;
/** What a frame's line begins with. */
const AT = '\n    at ';
/** A package of this family as it is installed. */
const INSTALLED = '/node_modules/@skynet/';
const CODE_FOLDER = /^(.*\/)([^/]+)\/(?:src|dist)\//;

/** Head of an error's stack, and the lines of its frames. */
export interface Stack {
  readonly head: string;
  readonly frames: readonly string[];
}

/** What of an error its stack is made of. */
type Traced = Pick<Error, 'name' | 'message' | 'stack'>;

/** The stack of an error, taken apart. */
export function stackOf(error: Traced): Stack {
  const { stack, message } = error;
  if (typeof stack !== 'string') return { head: `${error.name}: ${message}`, frames: [] };
  // The message may hold lines that look like frames.
  const start = stack.indexOf(message);
  const at = stack.indexOf(AT, start < 0 ? 0 : start + message.length);
  if (at < 0) return { head: stack, frames: [] };
  return { head: stack.slice(0, at), frames: stack.slice(at + 1).split('\n') };
}

/** The frames that are neither the framework's nor Node's. */
export function userFrames(frames: readonly string[]): string[] {
  const kept: string[] = [];
  // What is nowhere (`Array.map (<anonymous>)`, `Promise.all (index 0)`) goes with what called it.
  let isOurs = true;
  for (let i = frames.length - 1; i >= 0; i--) {
    const frame = frames[i] as string;
    isOurs = ownerOf(frame) ?? isOurs;
    if (!isOurs) kept.push(frame);
  }
  return kept.reverse();
}

/** Whether frames are the framework's, of those seen lately: the same come again and again. */
const owners = new Map<string, boolean | undefined>();
const MAX_OWNERS = 1000;
/** Longest line that can be a frame. */
const MAX_FRAME = 4096;

function ownerOf(frame: string): boolean | undefined {
  if (frame.length > MAX_FRAME) return undefined;
  if (owners.has(frame)) return owners.get(frame);
  const place = placeOf(frame);
  const isOurs = place === undefined ? undefined : isFramework(place);
  if (owners.size >= MAX_OWNERS) owners.clear();
  owners.set(frame, isOurs);
  return isOurs;
}

/**
 * Adds to an error's stack where its failure is met: the caller's frames, sync and async, without the framework's. Only
 * code that runs in the caller's continuation sees those; see {@link failAtCaller}. Leaves alone what is no error.
 */
export function atCaller<Thrown>(thrown: Thrown): Thrown {
  try {
    if (thrown instanceof Error) extendStack(thrown);
  } catch {
    // An error that cannot be read or changed stays as it is.
  }
  return thrown;
}

/**
 * A promise that fails with what was thrown, its stack extended to who waits. To be given to the `resolve` of the
 * promise they wait for: then V8 finds their frames from here, and nothing has to be kept for it while they wait.
 */
export async function failAtCaller(thrown: unknown): Promise<never> {
  // The promise they wait for follows this one from the second microtask on.
  await undefined;
  await undefined;
  throw atCaller(thrown);
}

/** Runs something that makes errors which get no frames. */
export function withoutFrames<Made>(make: () => Made): Made {
  const { stackTraceLimit: limit } = Error;
  try {
    Error.stackTraceLimit = 0;
    return make();
  } finally {
    Error.stackTraceLimit = limit;
  }
}

function extendStack(error: Error): void {
  const { stackTraceLimit: limit } = Error;
  if (!(limit > 0)) return;
  const { head, frames } = stackOf(error);
  const here = framesHere(limit);
  if (frames.length === 0) {
    // Most failures are only looked at for their code: the text is made when somebody wants it.
    setStack(error, () => [head, ...userFrames(stackOf(here).frames).slice(0, limit)].join('\n'));
    return;
  }
  const own = userFrames(frames);
  const known = new Set(own);
  const callers = userFrames(stackOf(here).frames).filter((frame) => !known.has(frame));
  if (own.length + callers.length === 0) return;
  const text = [head, ...own, ...callers].slice(0, Math.max(own.length, limit) + 1).join('\n');
  setStack(error, () => text);
}

/** Gives an error a stack that is made when it is first looked at. */
function setStack(error: Error, make: () => string): void {
  const set = (value: unknown): void =>
    void Object.defineProperty(error, 'stack', { value, configurable: true, writable: true });
  const get = (): string => {
    const stack = make();
    set(stack);
    return stack;
  };
  Object.defineProperty(error, 'stack', { get, set, configurable: true });
}

/** The frames of what runs here, more than the limit. Not in an error, which would take them twice. */
function framesHere(limit: number): Traced {
  const here: Traced = { name: '', message: '' };
  try {
    Error.stackTraceLimit = limit + ROOM;
    Error.captureStackTrace(here, atCaller);
    return here;
  } finally {
    Error.stackTraceLimit = limit;
  }
}

/** Path or address of a frame's code; undefined where it has none. */
function placeOf(frame: string): string | undefined {
  const open = frame.indexOf(' (');
  const text = open < 0 ? frame.replace(/^ *at (?:async )?/, '') : frame.slice(open + 2, -1);
  const end = text.search(/:\d+:\d+$/);
  if (end < 0) return undefined;
  const query = text.indexOf('?');
  const place = text.slice(0, query < 0 ? end : Math.min(query, end));
  if (!place.startsWith('file:')) return place.replaceAll('\\', '/');
  try {
    return fileURLToPath(place).replaceAll('\\', '/');
  } catch {
    return place;
  }
}

function isFramework(place: string): boolean {
  if (place.startsWith('node:') || place.includes(INSTALLED)) return true;
  const [, home, name] = CODE_FOLDER.exec(place) ?? [];
  family ??= findFamily();
  return home === family.home && family.names.has(name as string);
}

interface Family {
  readonly home: string;
  readonly names: ReadonlySet<string>;
}

let family: Family | undefined;

/** The packages beside this one, where all are developed together. */
function findFamily(): Family {
  const names = new Set<string>();
  const home = CODE_FOLDER.exec(placeOf(` (${import.meta.url}:1:1)`) ?? '')?.[1] ?? '';
  try {
    for (const name of home === '' ? [] : readdirSync(home)) if (isOfFamily(home + name)) names.add(name);
  } catch {
    // Nothing to be read there: the code was bundled, or may not read files.
  }
  return { home, names };
}

function isOfFamily(folder: string): boolean {
  try {
    const manifest = JSON.parse(readFileSync(`${folder}/package.json`, 'utf8')) as { name?: unknown };
    return String(manifest.name).startsWith('@skynet/');
  } catch {
    return false;
  }
}
