import { createHash } from 'node:crypto';

/** A value as rows write it: `{"i"}` integers, `{"d"}` floats, `{"s"}` bytes, `{"t"}` tables. */
export type Typed =
  | null
  | boolean
  | { readonly i: string }
  | { readonly d: string; readonly v?: string }
  | { readonly s: unknown }
  | { readonly t: { readonly a: readonly Typed[]; readonly h: readonly (readonly [Typed, Typed])[] } };

/** Bytes of the pattern that rows use for long ones. */
function pattern(fill: number, from: number, length: number): Buffer {
  return Buffer.from(
    Uint8Array.from({ length }, (_, n) => {
      const i = from + n;
      return ((fill + i * 31) & 255) ^ ((i >> 8) & 255);
    }),
  );
}

/** Bytes as rows write them. */
export function bytesOf(written: unknown): Buffer {
  if (typeof written === 'string') return Buffer.from(written, 'hex');
  const {
    fill,
    len,
    off = 0,
    cat,
  } = written as {
    fill?: number;
    len?: number;
    off?: number;
    cat?: unknown[];
  };
  if (cat !== undefined) return Buffer.concat(cat.map(bytesOf));
  return pattern(fill ?? 0, off, len ?? 0);
}

/** Bytes as a typed value; long ones as a digest. */
export function typedBytes(bytes: Buffer): Typed {
  if (bytes.length <= 400) return { s: bytes.toString('hex') };
  const sha1 = createHash('sha1').update(bytes).digest('hex');
  const [head, tail] = [bytes.subarray(0, 64).toString('hex'), bytes.subarray(-64).toString('hex')];
  return { s: { len: bytes.length, sha1, head, tail } };
}

/** A list as a typed table. */
export function typedList(values: readonly Typed[]): Typed {
  return { t: { a: values, h: [] } };
}

/** Text of an error. */
export function errorText(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
