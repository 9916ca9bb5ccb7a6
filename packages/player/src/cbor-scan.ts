/** Lists and maps in each other. */
const MAX_DEPTH = 32;
/** Tag of a Map. */
const TAG_MAP = 259;

const MAP = 1;
const PLAIN = 2;
/** By depth: items that are still to come, and what they are part of. */
const left = new Float64Array(MAX_DEPTH + 1);
const kinds = new Uint8Array(MAX_DEPTH + 1);

/**
 * What speaks against handing bytes of a stranger to the decoder; undefined if nothing does. Looks at the structure
 * alone: one whole item, lengths that the bytes have, a bounded depth, and of all tags only that of a Map. So what is
 * announced is there, and no tag makes the decoder do something special.
 */
export function objection(bytes: Uint8Array): string | undefined {
  const size = bytes.length;
  let at = 0;
  let depth = 0;
  let isTagged = false;
  left[0] = 1;
  kinds[0] = 0;
  for (;;) {
    while ((left[depth] as number) === 0) {
      if (depth === 0) return at === size ? undefined : 'bytes behind the end';
      depth--;
    }
    if (at >= size) return 'it ends too early';
    const inPlainMap = kinds[depth] === PLAIN;
    const isKey = inPlainMap && (left[depth] as number) % 2 === 0;
    left[depth]!--;
    const first = bytes[at++] as number;
    const major = first >> 5;
    const info = first & 31;
    let argument = info;
    if (info >= 24) {
      if (info > 27) return 'an item without a length';
      const width = 1 << (info - 24);
      if (at + width > size) return 'it ends too early';
      argument = 0;
      for (let i = 0; i < width; i++) argument = argument * 256 + (bytes[at++] as number);
    }
    if (isTagged && major !== 5) return 'a tag';
    if (isKey && major !== 3) return 'a key that is no text';
    switch (major) {
      case 2:
      case 3:
        if (argument > size - at) return 'it ends too early';
        at += argument;
        break;
      case 4:
      case 5: {
        // Every item has a byte at least.
        const items = major === 5 ? argument * 2 : argument;
        if (items > size - at) return 'it ends too early';
        if (++depth > MAX_DEPTH) return 'too deep';
        left[depth] = items;
        kinds[depth] = major === 4 ? 0 : isTagged ? MAP : PLAIN;
        break;
      }
      case 6:
        if (argument !== TAG_MAP) return 'a tag';
        // What it stands in front of is the item.
        left[depth]!++;
        break;
      case 7:
        if (info < 20 || info === 24) return 'a value that is none';
        break;
    }
    isTagged = major === 6;
  }
}
