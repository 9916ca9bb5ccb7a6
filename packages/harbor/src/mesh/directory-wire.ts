import { isHandle } from '@skynet/core/kernel';
import { meshError } from './errors.ts';
import type { Link } from './link.ts';
import type { Member } from './view.ts';

// What the directories of two nodes tell each other: one JSON array in each frame.

/** What a node tells another, of which it thinks that it decides. */
export type Ask =
  /** It wants to be in the mesh, or was before; with the names that its services have. */
  | readonly ['join', names: readonly Named[]]
  /** Who decides where you are? Answered by `see`, or by `forming`. */
  | readonly ['who']
  /** The same, of a node that decides itself for so many: one of the two follows the other. */
  | readonly ['meet', incarnation: string, address: string, size: number, isIsolated: boolean]
  | readonly ['claim', request: number, name: string, handle: number, expected: number]
  | readonly ['release', request: number, name: string, handle: number]
  | readonly ['leave'];

/** What it is told. */
export type Tell =
  /** Whoever decides, how many nodes follow it, and whether it is cut off. */
  | readonly ['see', incarnation: string, address: string, size: number, isIsolated: boolean]
  /** Nobody decides here yet. */
  | readonly ['forming', incarnation: string]
  /** Later. */
  | readonly ['wait']
  | readonly ['refused', code: string, text: string]
  | readonly ['welcome', epoch: number, members: readonly Member[], isIsolated: boolean]
  | readonly ['names', names: readonly Named[]]
  /** Behind `welcome` and all `names`. */
  | readonly ['complete']
  | readonly ['joined', member: Member]
  | readonly ['left', incarnation: string, how: 'left' | 'lost']
  | readonly ['named', name: string, handle: number]
  | readonly ['freed', name: string, handle: number]
  | readonly ['claimed', request: number, owner: number]
  /** It cannot be decided now. */
  | readonly ['undecided', request: number]
  | readonly ['isolated', why: string]
  | readonly ['rejoined']
  /** Somebody else decides from now on. */
  | readonly ['move', address: string];

export type Named = readonly [name: string, handle: number];

type Check = (value: unknown) => boolean;

const isText: Check = (value) => typeof value === 'string' && value.length <= 4096;
const isCount: Check = (value) => Number.isInteger(value) && (value as number) >= 0;
const isFlag: Check = (value) => typeof value === 'boolean';
const isOptionalHandle: Check = (value) => value === 0 || isHandle(value);
const isNames: Check = (value) =>
  Array.isArray(value) &&
  value.every((entry) => Array.isArray(entry) && isText(entry[0]) && isHandle(entry[1]));
const isIncarnation: Check = (value) => typeof value === 'string' && /^[0-9a-f]{16}$/.test(value);
const isMember: Check = (value) => {
  const { node, number } = (value ?? {}) as Partial<Member>;
  return (
    isCount(number) &&
    typeof node === 'object' &&
    node !== null &&
    isCount(node.id) &&
    node.id >= 1 &&
    node.id <= 255 &&
    isIncarnation(node.incarnation) &&
    isText(node.address)
  );
};
const isMembers: Check = (value) => Array.isArray(value) && value.length <= 255 && value.every(isMember);

const ASKS: Readonly<Record<Ask[0], readonly Check[]>> = {
  join: [isNames],
  who: [],
  meet: [isIncarnation, isText, isCount, isFlag],
  claim: [isCount, isText, isHandle, isOptionalHandle],
  release: [isCount, isText, isHandle],
  leave: [],
};

const TELLS: Readonly<Record<Tell[0], readonly Check[]>> = {
  see: [isIncarnation, isText, isCount, isFlag],
  forming: [isIncarnation],
  wait: [],
  refused: [isText, isText],
  welcome: [isCount, isMembers, isFlag],
  names: [isNames],
  complete: [],
  joined: [isMember],
  left: [isIncarnation, (value) => value === 'left' || value === 'lost'],
  named: [isText, isHandle],
  freed: [isText, isHandle],
  claimed: [isCount, isHandle],
  undecided: [isCount],
  isolated: [isText],
  rejoined: [],
  move: [isText],
};

function read(bytes: Uint8Array, kinds: Readonly<Record<string, readonly Check[]>>): readonly unknown[] {
  let message: unknown;
  try {
    message = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch (error) {
    throw meshError('ERR_LINK_PROTOCOL', 'what the directory tells cannot be read', { cause: error });
  }
  const [what, ...args] = Array.isArray(message) ? (message as unknown[]) : [];
  const checks = typeof what === 'string' && Object.hasOwn(kinds, what) ? kinds[what] : undefined;
  if (checks === undefined || args.length < checks.length || !checks.every((check, i) => check(args[i])))
    throw meshError('ERR_LINK_PROTOCOL', 'what the directory tells means nothing');
  return message as readonly unknown[];
}

/** @throws ERR_LINK_PROTOCOL. */
export function readAsk(bytes: Uint8Array): Ask {
  return read(bytes, ASKS) as unknown as Ask;
}

/** @throws ERR_LINK_PROTOCOL. */
export function readTell(bytes: Uint8Array): Tell {
  return read(bytes, TELLS) as unknown as Tell;
}

export function say(link: Link | undefined, message: Ask | Tell): void {
  link?.send(Buffer.from(JSON.stringify(message)));
}
