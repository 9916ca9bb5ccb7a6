import { isDeepStrictEqual } from 'node:util';
import { copyValue } from '../../src/codec/copy.ts';
import { LinkDecoder } from '../../src/codec/link-decoder.ts';
import { LinkEncoder } from '../../src/codec/link-encoder.ts';
import { Region } from '../../src/codec/region.ts';

// Run by `shapes.test.ts` in a process that makes no code of text: says so, and whether objects still arrive.

let refusal = 'no refusal';
try {
  new Function('return 1');
} catch (error) {
  refusal = (error as Error).name;
}
const encoder = new LinkEncoder();
const decoder = new LinkDecoder();
const region = new Region(new ArrayBuffer(1 << 12));
const isSame = Array.from({ length: 5000 }, (_, i) => ({ id: i, pos: { x: i, y: [i] } })).every(
  (object) =>
    isDeepStrictEqual(copyValue(object), object) &&
    isDeepStrictEqual(decoder.decode(region, 0, encoder.encode([object], region, 0, region.size)), [object]),
);
console.log(`${refusal}; ${isSame ? 'all the same' : 'something is lost'}`);
