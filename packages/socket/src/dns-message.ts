import { isIP } from 'node:net';
import { type Answer, decode, encode } from 'dns-packet';

/** What is asked for: IPv4 addresses or IPv6 ones. */
export type AddressType = 'A' | 'AAAA';

/** One question. */
export interface Question {
  /** In lower case. */
  readonly name: string;
  readonly type: AddressType;
}

/** What a server has answered. */
export interface Reply {
  readonly addresses: readonly string[];
  /** Seconds for which all of it holds. */
  readonly ttl: number;
  /** It did not fit. */
  readonly truncated: boolean;
  /** `NOERROR`, `NXDOMAIN`, `SERVFAIL` … */
  readonly rcode: string;
}

/** Aliases that are followed. */
const MAX_ALIASES = 32;
const DAY = 86_400;
const RECURSION_DESIRED = 0x100;

/** The bytes of a query. */
export function queryBytes(id: number, { name, type }: Question): Uint8Array {
  return encode({ type: 'query', id, flags: RECURSION_DESIRED, questions: [{ type, name, class: 'IN' }] });
}

/** The id of a message; undefined if it is too short for one. */
export function idOf(bytes: Uint8Array): number | undefined {
  return bytes.length < 12 ? undefined : ((bytes[0] as number) << 8) | (bytes[1] as number);
}

/** Reads the answer to a question; undefined for anything else: another question, a query, broken bytes. */
export function readReply(bytes: Uint8Array, asked: Question): Reply | undefined {
  try {
    const message = decode(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length));
    const [question] = message.questions ?? [];
    if (message.type !== 'response' || message.questions?.length !== 1 || question === undefined)
      return undefined;
    if (question.name.toLowerCase() !== asked.name || question.type !== asked.type) return undefined;
    if ((question.class ?? 'IN') !== 'IN') return undefined;
    const { rcode = 'NOERROR', flag_tc: truncated } = message as { rcode?: string; flag_tc?: boolean };
    return { ...addressesOf(message.answers ?? [], asked), truncated: truncated === true, rcode };
  } catch {
    return undefined;
  }
}

/** The addresses of the name that was asked for, or of what it is an alias of. */
function addressesOf(answers: readonly Answer[], { name, type }: Question): Pick<Reply, 'addresses' | 'ttl'> {
  const names = new Set([name]);
  let ttl = DAY;
  const heed = (answer: { ttl?: number | undefined }): void => {
    ttl = Math.min(ttl, Math.max(0, answer.ttl ?? 0));
  };
  for (let found = true; found && names.size <= MAX_ALIASES; ) {
    found = false;
    for (const answer of answers) {
      if (answer.type !== 'CNAME' || !names.has(answer.name.toLowerCase())) continue;
      const target = answer.data.toLowerCase();
      if (names.has(target)) continue;
      names.add(target);
      heed(answer);
      found = true;
    }
  }
  const addresses: string[] = [];
  const family = type === 'A' ? 4 : 6;
  for (const answer of answers) {
    if (answer.type !== type || !names.has(answer.name.toLowerCase())) continue;
    const address = String((answer as { data: unknown }).data);
    if (isIP(address) !== family) continue;
    addresses.push(canonical(address));
    heed(answer);
  }
  return { addresses, ttl };
}

/** An address as it is usually written. */
export function canonical(address: string): string {
  return isIP(address) === 6 ? new URL(`http://[${address}]/`).hostname.slice(1, -1) : address;
}
