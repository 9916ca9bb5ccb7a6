import { Decoder, Encoder } from 'cbor-x';
import type { Packing } from './plain-link.ts';

/** Bodies by cbor-x at its best: with records, for one connection. */
export function cbor(): Packing {
  const encoder = new Encoder({ sequential: true, structures: [] });
  const decoder = new Decoder({ sequential: true, structures: [] });
  return {
    pack: (values) => encoder.encode(values),
    unpack: (bytes) => decoder.decode(bytes) as unknown[],
  };
}
