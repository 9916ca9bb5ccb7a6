// Feeds ReadBuffer a million random streams, cut at random, and compares with one long string; and takes random bytes
// through text and back. Run: tsx packages/socket/bench/fuzz-read-buffer.ts [rounds] [seed]. Exit code 1 on a violation.
import { ReadBuffer } from '@skynet/core/channel';
import { decodeText, encodeText, incompleteTail } from '../src/text.ts';

const rounds = Number(process.argv[2] ?? 1_000_000);
const seed = Number(process.argv[3] ?? 1);

/** mulberry32 */
let state = seed >>> 0;
function random(below: number): number {
  state = (state + 0x6d2b79f5) | 0;
  let mixed = Math.imul(state ^ (state >>> 15), state | 1);
  mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
  return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * below);
}

/** Few different letters, so that separators and halves of them are frequent. */
const LETTERS = ['a', 'b', '\r', '\n'];

function letters(length: number): string {
  let text = '';
  for (let i = 0; i < length; i++) text += LETTERS[random(LETTERS.length)];
  return text;
}

/** What is wrong, or undefined. */
function checkLines(): string | undefined {
  const buffer = new ReadBuffer();
  let model = '';
  for (let step = 2 + random(12); step > 0; step--) {
    const kind = random(4);
    if (kind < 2) {
      const piece = letters(random(random(4) === 0 ? 200 : 9));
      buffer.push(Buffer.from(piece));
      model += piece;
    } else if (kind === 2) {
      const separator = letters(1 + random(4));
      const line = buffer.takeLine(Buffer.from(separator))?.toString();
      const at = model.indexOf(separator);
      if (line !== (at === -1 ? undefined : model.slice(0, at)))
        return `line ${JSON.stringify([separator, line, model])}`;
      if (at !== -1) model = model.slice(at + separator.length);
    } else {
      const count = random(model.length + 1);
      const taken = buffer.take(count).toString();
      if (taken !== model.slice(0, count)) return `take ${JSON.stringify([count, taken, model])}`;
      model = model.slice(count);
    }
    if (buffer.size !== model.length) return `size ${buffer.size} of ${JSON.stringify(model)}`;
    if (Buffer.from(buffer.tail(3)).toString() !== model.slice(-3)) return `tail of ${JSON.stringify(model)}`;
  }
  return undefined;
}

const ALPHABET = ['a', '\n', 'é', '你', '😀', '\ufffd'];

/** What is wrong, or undefined. */
function checkText(): string | undefined {
  let text = '';
  for (let i = random(6); i > 0; i--) text += ALPHABET[random(ALPHABET.length)];
  const bytes = Buffer.from(text);
  const cut = random(bytes.length + 1);
  const held = incompleteTail(bytes.subarray(0, cut).subarray(-3));
  const halves = [bytes.subarray(0, cut - held), bytes.subarray(cut - held)].map(decodeText).join('');
  if (halves !== text) return `cut at ${cut}: ${JSON.stringify(text)}`;
  for (let damages = random(4); damages > 0 && bytes.length > 0; damages--)
    bytes[random(bytes.length)] = random(256);
  if (!encodeText(decodeText(bytes)).equals(bytes)) return `bytes ${bytes.toString('hex')}`;
  return undefined;
}

for (let round = 0; round < rounds; round++) {
  const before = state;
  const wrong = checkLines() ?? checkText();
  if (wrong !== undefined) {
    console.error(`round ${round} (seed ${before >>> 0}): ${wrong}`);
    process.exit(1);
  }
}
console.log(`${rounds} streams, seed ${seed}: no violation`);
