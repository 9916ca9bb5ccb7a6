import type { Progress } from '../actor/transfer.ts';
import type { ErrorData } from '../codec/error.ts';
import type { EndReason } from '../contracts/ending.ts';
import type { Handle } from '../handle.ts';
import type { MailboxLimit } from '../mailbox-limit.ts';
import type { Redirection } from '../route/redirections.ts';
import type { RemoteOrder } from '../route/remote-route.ts';
import type { PlaceOffer } from './learnt-talk.ts';

/**
 * Everything that crosses between two threads of a node.
 *
 * A record in the ring: four words, then the body.
 *
 *      [kind | type << 8] [session] [source] [destination] [body ...]
 */
export const RECORD = {
  /** A message whose body is values, in the codec of the link. */
  VALUES: 0,
  /** A message whose body is bytes. */
  BYTES: 1,
  /** An error message; the body is one value, the error as data. */
  ERROR: 2,
  /** A {@link Control}, as values. */
  CONTROL: 3,
  /** A control record whose memory comes through the port, in the same order. */
  MEMORY: 4,
  /** Added to another kind: the body is too large for the ring and comes through the port, in the same order. */
  LARGE: 8,
} as const;

/** What goes through the port: the bytes of a large body, or memory. */
export type Lent = Uint8Array | readonly SharedArrayBuffer[];

/** Bytes of the four words. */
export const RECORD_HEAD = 16;

/** Where the bytes of a record begin. A copy from or to shared memory goes byte by byte unless it is aligned. */
export function placeOfBytes(start: number): number {
  return (start + RECORD_HEAD + 7) & ~7;
}

/** What threads tell each other besides messages. */
export type Control =
  | {
      op: 'launch';
      id: number;
      name: string;
      args: unknown[];
      mailbox: MailboxLimit | undefined;
      pinned: boolean;
    }
  | { op: 'done'; id: number; value: unknown }
  | { op: 'failed'; id: number; error: ErrorData }
  | { op: 'kill'; handle: Handle; by: Handle }
  | { op: 'deadline'; source: Handle; session: number; deadline: number }
  | { op: 'cancel'; to: Handle; source: Handle; session: number }
  | { op: 'monitor'; handle: Handle }
  | { op: 'log'; number: number; source: Handle; text: string }
  | { op: 'endless'; handle: Handle; report: number }
  | { op: 'watch'; from: number; handle: Handle; on: boolean }
  | { op: 'redirected'; note: Redirection }
  | { op: 'gone'; handle: Handle; reason: EndReason }
  | { op: 'named' }
  | { op: 'clear-cache' }
  | { op: 'list'; id: number }
  | { op: 'talk'; id: number }
  | { op: 'places'; offers: readonly PlaceOffer[] }
  | { op: 'ping'; id: number }
  | { op: 'end-thread'; thread: number; reason: string }
  | { op: 'stop'; id: number; deadline: number }
  | { op: 'abort' }
  | { op: 'driver'; key: string; values: unknown[]; memories?: readonly SharedArrayBuffer[] }
  | { op: 'node-lost'; harbor: number }
  | {
      op: 'arrive';
      id: number;
      handle: Handle;
      kind: string;
      name: string;
      shown: string[];
      args: readonly unknown[];
      module: string;
      isFresh: boolean;
      mailbox: MailboxLimit | undefined;
      isPinned: boolean;
      progress: Progress;
      state: unknown;
    }
  | { op: 'dismiss'; handle: Handle }
  | {
      op: 'commit';
      handle: Handle;
      threads: number[];
      names: string[];
      source: Handle;
      session: number;
    }
  | { op: 'moved'; id: number; handle: Handle; thread: number }
  | { op: 'cleared'; handle: Handle; thread: number }
  | { op: 'service-lost'; handle: Handle }
  | RemoteOrder;

/** What all threads of a node see: it is posted to each. */
export interface SharedMemory {
  readonly threads: number;
  /** Moment, in milliseconds of the wall clock, that the node's time counts from. */
  readonly origin: number;
  readonly routes: SharedArrayBuffer;
  readonly names: SharedArrayBuffer;
  readonly environment: SharedArrayBuffer;
  readonly packages: SharedArrayBuffer;
  readonly counters: SharedArrayBuffer;
  readonly activity: SharedArrayBuffer;
}

/** How a worker is told what it is; posted once, as its `workerData`. */
export interface WorkerSetup {
  readonly thread: number;
  /** Configuration file to load, or the plain parts of a configuration. */
  readonly config: { file: string } | { plain: Record<string, unknown>; base: string };
  readonly memory: SharedMemory;
  /** Threads that had this number before. */
  readonly incarnation: number;
  readonly logger: Handle;
  readonly monitor: Handle;
  readonly peers: PeerSetup[];
  /** Name of the channel of {@link StopOrder}. */
  readonly stopChannel: string;
}

/** One end of the link between two threads. */
export interface PeerSetup {
  readonly thread: number;
  /** Ring that this thread writes and the peer reads. */
  readonly out: SharedArrayBuffer;
  /** Ring that the peer writes and this thread reads. */
  readonly in: SharedArrayBuffer;
  /** Wakes the peer, and is woken by it. */
  readonly bell: import('node:worker_threads').MessagePort;
  /** Carries bodies too large for the rings. */
  readonly bulk: import('node:worker_threads').MessagePort;
}

/**
 * What the main thread posts to a worker, outside the rings: a thread is lost with these services, and another was
 * started in its place, or none (`peer` is undefined).
 */
export type ToWorker = { kind: 'lost'; thread: number; handles: Handle[]; peer: PeerSetup | undefined };

/** What a worker posts to the main thread, outside the rings. */
export type FromWorker = { kind: 'ready' } | { kind: 'failed'; error: ErrorData };

/** On a channel of their own, for when thread 0 hears nothing: the watchdog stops threads, and they tell when they have. */
export type StopOrder = { kind: 'stop'; deadline: number } | { kind: 'stopped'; thread: number };
