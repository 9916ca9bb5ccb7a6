import { createHash, createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { isSkynetError, printable, type SkynetError } from '@skynet/core';
import { meshError } from './errors.ts';
import type { LinkPlace, LinkPurpose } from './link.ts';
import type { MeshNode } from './node.ts';

// How two nodes get to know each other, before the first frame of a link. Each line is one frame of JSON.
//
//   dialler   hello: who it is, what it wants, what it can do, a challenge
//   acceptor  hello: the same                                       or: refused, and why
//   dialler   proof that it has the key, over both hellos           or: refused, and why
//   acceptor  proof that it has the key, over both hellos           or: refused, and why
//
// Without a key both proofs are empty. A node with a key and one without do not come together.

/** What both sides must speak. */
const VERSION = 1;
/** The largest of these frames, in bytes. */
export const MAX_HELLO = 4096;

/** Who one side is, as it says itself. */
export interface Hello {
  readonly version: number;
  readonly mesh: string;
  readonly id: number;
  readonly incarnation: string;
  readonly address: string;
  readonly purpose: LinkPurpose;
  readonly features: readonly string[];
  readonly challenge: string;
  /** Whom the dialler means to reach. */
  readonly to?: { readonly id: number; readonly incarnation: string };
  /** Where beats are taken, and what they have to begin with; see `heartbeat-main.ts`. */
  readonly beat?: { readonly port: number; readonly token: string };
}

/** What this node says. */
export function makeHello(
  place: LinkPlace,
  address: string,
  purpose: LinkPurpose,
  more: Pick<Hello, 'to' | 'beat'>,
): Hello {
  const { mesh, id, incarnation, features } = place;
  const challenge = randomBytes(16).toString('hex');
  return { version: VERSION, mesh, id, incarnation, address, purpose, features, challenge, ...more };
}

export function encodeFrame(value: unknown): Uint8Array {
  return Buffer.from(JSON.stringify(value));
}

/** What such a frame holds. @throws ERR_LINK_PROTOCOL; ERR_LINK_REFUSED if it says that the other side refuses. */
function readFrame(bytes: Uint8Array): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch (error) {
    throw meshError('ERR_LINK_PROTOCOL', 'not a node of a mesh: what it says first cannot be read', {
      cause: error,
    });
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw meshError('ERR_LINK_PROTOCOL', 'not a node of a mesh: what it says first is no object');
  const { refused, isSelf, isOther } = value as Record<string, unknown>;
  if (refused !== undefined)
    throw meshError('ERR_LINK_REFUSED', `refused by the other side: ${printable(refused)}`, {
      details: { isTheirs: true, isSelf: isSelf === true, isOther: isOther === true },
    });
  return value as Record<string, unknown>;
}

/** @throws ERR_LINK_PROTOCOL, ERR_LINK_REFUSED. */
export function readHello(bytes: Uint8Array): Hello {
  const value = readFrame(bytes);
  const { version, mesh, id, incarnation, address, purpose, features, challenge, to, beat } = value;
  if (version !== VERSION)
    throw meshError(
      'ERR_LINK_REFUSED',
      `it speaks version ${printable(version)} of the link, this node ${VERSION}`,
    );
  const isHello =
    typeof mesh === 'string' &&
    isId(id) &&
    isIncarnation(incarnation) &&
    typeof address === 'string' &&
    (purpose === 'data' || purpose === 'directory') &&
    Array.isArray(features) &&
    features.every((feature) => typeof feature === 'string') &&
    typeof challenge === 'string' &&
    challenge.length >= 32 &&
    (to === undefined || isNode(to)) &&
    (beat === undefined || isBeat(beat));
  if (!isHello)
    throw meshError('ERR_LINK_PROTOCOL', 'not a node of a mesh: what it says of itself is not complete');
  return value as unknown as Hello;
}

function isId(value: unknown): boolean {
  return Number.isInteger(value) && (value as number) >= 1 && (value as number) <= 255;
}

function isIncarnation(value: unknown): boolean {
  return typeof value === 'string' && /^[0-9a-f]{16}$/.test(value);
}

function isNode(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  const { id, incarnation } = value as Record<string, unknown>;
  return isId(id) && isIncarnation(incarnation);
}

function isBeat(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  const { port, token } = value as Record<string, unknown>;
  return (
    Number.isInteger(port) &&
    (port as number) > 0 &&
    (port as number) < 0x10000 &&
    typeof token === 'string' &&
    /^[0-9a-f]{32}$/.test(token)
  );
}

/** Why a node is not let in; undefined if it is. `wanted` is whom this node has dialled. */
export function whyNot(
  place: LinkPlace,
  theirs: Hello,
  wanted?: Pick<MeshNode, 'id' | 'incarnation'>,
): SkynetError | undefined {
  const { to } = theirs;
  if (theirs.mesh !== place.mesh)
    return refused(`mesh ${printable(theirs.mesh)} is not ${printable(place.mesh)}`);
  if (theirs.incarnation === place.incarnation) return refused('it is this very node', { isSelf: true });
  if (to !== undefined && (to.id !== place.id || to.incarnation !== place.incarnation))
    return refused(`node ${to.id} in the life ${to.incarnation} is not here: this is node ${place.id}`, {
      isOther: true,
    });
  if (wanted !== undefined && (theirs.id !== wanted.id || theirs.incarnation !== wanted.incarnation))
    return refused(
      `node ${wanted.id} in the life ${wanted.incarnation} is not there: it is node ${theirs.id}`,
      { isOther: true },
    );
  return undefined;
}

/** `isSelf`: it was this node that answered; `isOther`: not the one that was meant. */
function refused(text: string, details: { isSelf?: true; isOther?: true } = {}): SkynetError {
  return meshError('ERR_LINK_REFUSED', text, { details });
}

export type Role = 'dialler' | 'acceptor';

/** Proof that a side has the key; empty without a key. */
export function proofOf(
  key: string | undefined,
  role: Role,
  dialler: Uint8Array,
  acceptor: Uint8Array,
): string {
  if (key === undefined) return '';
  const both =
    createHash('sha256').update(dialler).digest('hex') + createHash('sha256').update(acceptor).digest('hex');
  return createHmac('sha256', key).update(`skynet link ${role} ${both}`).digest('hex');
}

/**
 * Looks at a proof.
 * @throws ERR_LINK_REFUSED when it is not the one that is expected; ERR_LINK_PROTOCOL.
 */
export function checkProof(bytes: Uint8Array, expected: string): void {
  const { proof } = readFrame(bytes);
  if (typeof proof !== 'string')
    throw meshError('ERR_LINK_PROTOCOL', 'not a node of a mesh: it proves nothing');
  // Of one length, whatever was sent.
  const given = createHash('sha256').update(proof).digest();
  if (!timingSafeEqual(given, createHash('sha256').update(expected).digest()))
    throw meshError('ERR_LINK_REFUSED', 'the shared key is not the same on both sides');
}

/** What is told to the other side before it is let go. */
export function refusalOf(error: unknown): Uint8Array {
  const text = error instanceof Error ? error.message : 'it cannot be let in';
  const { isSelf, isOther } = (isSkynetError(error) ? error.details : undefined) ?? {};
  return encodeFrame({ refused: text.slice(0, 200), isSelf, isOther });
}

/** What both can do. */
export function common(mine: readonly string[], theirs: readonly string[]): ReadonlySet<string> {
  return new Set(mine.filter((feature) => theirs.includes(feature)));
}
