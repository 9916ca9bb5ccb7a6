// Login names. Runs in a browser too.
import { base64decode, base64encode } from '@skynet/core/crypt';

const decoder = new TextDecoder();

/** Text goes as UTF-8, a number as decimal text. */
export type NamePart = string | number | bigint | Uint8Array;

/** What a login name is made of, as text (UTF-8). */
export interface UserId {
  readonly uid: string;
  readonly subid: string;
  readonly servername: string;
}

/** What a login name is made of, byte for byte. */
export interface UserIdBytes {
  readonly uid: Uint8Array;
  readonly subid: Uint8Array;
  readonly servername: Uint8Array;
}

/** What is no part of a name is refused by the encoder. */
function encode(part: NamePart): string {
  const isNumber = typeof part === 'number' || typeof part === 'bigint';
  return base64encode(isNumber ? String(part) : part);
}

/**
 * The login name of a user (`msgserver.username`, book §15.1.1): `base64(uid)@base64(server)#base64(subid)`.
 * @throws ERR_CRYPT_ARGUMENT.
 */
export function usernameOf(uid: NamePart, subid: NamePart, servername: NamePart): string {
  return `${encode(uid)}@${encode(servername)}#${encode(subid)}`;
}

/** Takes a login name apart, byte for byte; undefined if it is none. */
export function userIdBytesOf(username: string): UserIdBytes | undefined {
  if (typeof username !== 'string') return undefined;
  const match = /^([^@]*)@([^#]*)#(.*)$/s.exec(username);
  if (match === null) return undefined;
  try {
    const [uid, servername, subid] = match.slice(1).map((part) => base64decode(part));
    return { uid, subid, servername } as UserIdBytes;
  } catch {
    return undefined;
  }
}

/** Takes a login name apart (`msgserver.userid`, book §15.1.1); undefined if it is none. */
export function userIdOf(username: string): UserId | undefined {
  const bytes = userIdBytesOf(username);
  if (bytes === undefined) return undefined;
  const { uid, subid, servername } = bytes;
  return { uid: decoder.decode(uid), subid: decoder.decode(subid), servername: decoder.decode(servername) };
}
