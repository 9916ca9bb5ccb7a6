import { isDeepStrictEqual } from 'node:util';
import {
  defineService,
  type Handle,
  isSkynetError,
  printable,
  type Request,
  type Response,
  type ServiceDefinition,
  type Skynet,
} from '@skynet/core';
import { datacenterError } from './errors.ts';
import { type Branch, checkPath, given, isBranch, isNothing, type Key, kept } from './tree.ts';

/** Global name of the service. */
export const DATACENTER = 'DATACENTER';

/** Its name in the node it runs in. */
export const LOCAL_NAME = '.datacenter';

/** Who waits for a leaf; or the branch of paths that are waited for. */
type Waiting = Response[] | Map<Key, Waiting>;

/** What an answer holds: no value, or one. The original tells the two apart. */
type Answer = readonly [] | readonly [value: unknown];

/** Takes the global name of the datacenter. Whether it was free. */
function givenName(_: Handle, skynet: Skynet): boolean {
  try {
    skynet.register(DATACENTER);
    return true;
  } catch (error) {
    if (isSkynetError(error, 'ERR_NAME_TAKEN')) return false;
    throw error;
  }
}

/**
 * The tree of values that all nodes of a network share (the original's `datacenterd`). One of a network: who is not the one
 * ends itself. `isTheOne` decides that, by default whether the global name was free.
 */
export function createDatacenterService(
  isTheOne: (self: Handle, skynet: Skynet) => boolean | Promise<boolean> = givenName,
): ServiceDefinition {
  return defineService(async (skynet) => {
    if (!(await skynet.await(Promise.resolve(isTheOne(skynet.self(), skynet))))) skynet.exit();
    skynet.register(LOCAL_NAME);
    const datacenter = new Datacenter();
    skynet.dispatch('lua', (request: Request, command: string, ...args: unknown[]) => {
      switch (command) {
        case 'QUERY':
          request.ret(...datacenter.query(args));
          break;
        case 'UPDATE':
          request.ret(...datacenter.update(args));
          break;
        case 'WAIT':
          datacenter.wait(args, request);
          break;
        case 'COMPARE':
          request.ret(datacenter.compareAndSet(args));
          break;
        default:
          throw datacenterError('ERR_UNKNOWN_COMMAND', `Unknown command ${printable(command)}`, {
            details: { command: printable(command) },
          });
      }
    });
    skynet.info(() => given(datacenter.root));
  });
}

class Datacenter {
  readonly root: Branch = new Map();
  readonly #waiting: Map<Key, Waiting> = new Map();

  query(path: readonly unknown[]): Answer {
    checkPath(path);
    const [first, ...rest] = path;
    const value = first === undefined ? undefined : this.root.get(first);
    return isNothing(value) ? [] : [given(valueAt(value, rest))];
  }

  /** Path and value; a single argument is a path, whose value is taken out. */
  update(args: readonly unknown[]): Answer {
    const [path, value] = args.length === 1 ? [args, undefined] : [args.slice(0, -1), args.at(-1)];
    const before = this.#set(path, value);
    // As the original answers: nothing at all for a value that is new.
    return isNothing(before) && !isNothing(value) ? [] : [given(before)];
  }

  /** Path, the value that is expected there, and what takes its place. Whether it was there. */
  compareAndSet(args: readonly unknown[]): boolean {
    const path = args.slice(0, -2);
    const [expected, value] = args.slice(-2);
    checkPath(path);
    const now = valueAt(this.root, path);
    if (!(isNothing(expected) ? isNothing(now) : isDeepStrictEqual(now, kept(expected)))) return false;
    this.#set(path, value);
    return true;
  }

  #set(path: readonly unknown[], value: unknown): unknown {
    checkPath(path);
    const last = path.at(-1);
    if (last === undefined) throw datacenterError('ERR_DATACENTER_PATH', 'a value needs a key');
    let branch = this.root;
    for (const key of path.slice(0, -1)) {
      let next = branch.get(key);
      if (isNothing(next)) {
        next = new Map();
        branch.set(key, next);
      }
      branch = branchOf(next, key);
    }
    const before = branch.get(last);
    if (isNothing(value)) branch.delete(last);
    else branch.set(last, kept(value));
    if (isNothing(before) && !isNothing(value)) this.#wake(path, value);
    return before;
  }

  wait(path: readonly unknown[], request: Request): void {
    const answer = this.query(path);
    const [value] = answer;
    if (!isNothing(value)) {
      request.ret(value);
      return;
    }
    checkPath(path);
    const last = path.at(-1);
    if (last === undefined)
      throw datacenterError('ERR_DATACENTER_PATH', 'nothing to wait for: a path needs a key');
    let level = this.#waiting;
    for (const key of path.slice(0, -1)) {
      const next = level.get(key) ?? new Map<Key, Waiting>();
      if (Array.isArray(next)) throw waitedFor(key);
      level.set(key, next);
      level = next;
    }
    const queue = level.get(last) ?? [];
    if (!Array.isArray(queue)) throw waitedFor(last);
    level.set(last, queue);
    queue.push(request.response());
  }

  /** A value is new: who waits for it gets it. Who waits for one above it never will. */
  #wake(path: readonly Key[], value: unknown): void {
    let level = this.#waiting;
    for (const [i, key] of path.entries()) {
      const next = level.get(key);
      if (next === undefined) return;
      if (!Array.isArray(next)) {
        level = next;
        continue;
      }
      level.delete(key);
      const isLeaf = i === path.length - 1;
      for (const respond of next) {
        if (isLeaf) respond(true, value);
        else
          respond(
            false,
            datacenterError(
              'ERR_DATACENTER_PATH',
              `${printable(key)} has become a branch, and was waited for as a value`,
            ),
          );
      }
      return;
    }
  }
}

/** The value at a path below another one; undefined if a step of it is missing. @throws ERR_DATACENTER_PATH. */
function valueAt(from: unknown, path: readonly Key[]): unknown {
  let value = from;
  for (const key of path) {
    if (isNothing(value)) return undefined;
    value = branchOf(value, key).get(key);
  }
  return value;
}

function branchOf(value: unknown, key: Key): Branch {
  if (isBranch(value)) return value;
  throw datacenterError(
    'ERR_DATACENTER_PATH',
    `the path goes through a value that is no branch, at ${printable(key)}`,
  );
}

function waitedFor(key: Key): Error {
  return datacenterError(
    'ERR_DATACENTER_PATH',
    `${printable(key)} is waited for as a value and as a branch, and can only be one of them`,
  );
}
