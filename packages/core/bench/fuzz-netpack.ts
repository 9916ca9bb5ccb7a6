// Feeds FrameReader a million damaged streams, cut at random, and compares with a plain decoder that sees the whole
// stream at once. Run: tsx packages/core/bench/fuzz-netpack.ts [mutations] [seed]. Exit code 1 on a violation.
import { isSkynetError } from '../src/errors.ts';
import { FrameReader, type HeaderSize } from '../src/netpack/index.ts';

const mutations = Number(process.argv[2] ?? 1_000_000);
const seed = Number(process.argv[3] ?? 1);

/** mulberry32 */
let state = seed >>> 0;
function random(below: number): number {
  state = (state + 0x6d2b79f5) | 0;
  let mixed = Math.imul(state ^ (state >>> 15), state | 1);
  mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
  return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * below);
}

interface Outcome {
  /** Where in the stream each frame lies: start and end in turn. */
  places: number[];
  refused: number | undefined;
  pending: number;
}

function decodePlainly(stream: Uint8Array, header: HeaderSize, limit: number): Outcome {
  const places: number[] = [];
  const view = new DataView(stream.buffer, stream.byteOffset, stream.length);
  let at = 0;
  while (stream.length - at >= header) {
    const size = header === 2 ? view.getUint16(at) : view.getUint32(at);
    if (size > limit) return { places, refused: size, pending: 0 };
    if (stream.length - at - header < size) break;
    places.push(at + header, at + header + size);
    at += header + size;
  }
  return { places, refused: undefined, pending: stream.length - at };
}

function makeStream(header: HeaderSize): Uint8Array {
  const bytes: number[] = [];
  for (let frames = random(6); frames > 0; frames--) {
    const size = random(256) === 0 ? 0x7f00 + random(0x8100) : random(8) === 0 ? random(300) : random(20);
    if (header === 4) bytes.push(0, 0);
    bytes.push(size >>> 8, size & 255);
    for (let i = 0; i < size; i++) bytes.push(random(256));
  }
  for (let damages = random(4); damages > 0; damages--) {
    const at = random(bytes.length + 1);
    const kind = random(4);
    if (kind === 0 && at < bytes.length) bytes[at] = random(256);
    else if (kind === 1) bytes.splice(at, 0, random(256));
    else if (kind === 2) bytes.splice(at, 1 + random(4));
    else bytes.length = at;
  }
  return Uint8Array.from(bytes);
}

function same(a: Uint8Array, b: Uint8Array, start: number, end: number): boolean {
  if (a.length !== end - start) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[start + i]) return false;
  return true;
}

/** What is wrong, or undefined. */
function check(stream: Uint8Array, header: HeaderSize, limit: number, owned: boolean): string | undefined {
  const expected = decodePlainly(stream, header, limit);
  const reader = new FrameReader({ header, limit });
  const frames: Uint8Array[] = [];
  const keep = (frame: Uint8Array): void => void frames.push(frame);
  const view = (buffer: Uint8Array, start: number, end: number): void =>
    void frames.push(buffer.slice(start, end));
  let refused: unknown;
  const longest = 1 + random(stream.length + 1);
  for (let at = 0; at < stream.length && refused === undefined; ) {
    const came = stream.subarray(at, at + 1 + random(longest));
    const room = random(2) === 0 ? reader.room() : undefined;
    const chunk = room?.subarray(0, came.length) ?? came.slice();
    chunk.set(came.subarray(0, chunk.length));
    at += chunk.length;
    try {
      if (owned) reader.pushOwned(chunk, keep);
      else reader.push(chunk, view);
    } catch (error) {
      if (!isSkynetError(error, 'ERR_FRAME_TOO_LARGE')) return `threw ${String(error)}`;
      refused = error.details?.size;
    }
    if (room === undefined) chunk.fill(0xee);
  }
  if (refused !== expected.refused) return `refused ${String(refused)}, not ${String(expected.refused)}`;
  if (reader.pendingBytes !== expected.pending)
    return `${reader.pendingBytes} bytes pending, not ${expected.pending}`;
  if (frames.length * 2 !== expected.places.length)
    return `${frames.length} frames, not ${expected.places.length / 2}`;
  const wrong = frames.findIndex(
    (frame, i) =>
      !same(frame, stream, expected.places[i * 2] as number, expected.places[i * 2 + 1] as number),
  );
  return wrong < 0 ? undefined : `frame ${wrong} has other bytes`;
}

const counts = { frames: 0, refused: 0, partial: 0 };
for (let i = 0; i < mutations; i++) {
  const header = random(2) === 0 ? 2 : 4;
  const limit = random(3) === 0 ? random(320) : 0xffff;
  const stream = makeStream(header);
  const { places, refused, pending } = decodePlainly(stream, header, limit);
  counts.frames += places.length / 2;
  if (refused !== undefined) counts.refused++;
  if (pending > 0) counts.partial++;
  const complaint = check(stream, header, limit, i % 2 === 0);
  if (complaint !== undefined) {
    console.error(`violation at mutation ${i} of seed ${seed}: ${complaint}`);
    console.error(`header ${header}, limit ${limit}, stream ${Buffer.from(stream).toString('hex')}`);
    process.exit(1);
  }
}
console.log(
  `${mutations} mutations of seed ${seed}: ${counts.frames} frames, ` +
    `${counts.refused} streams refused, ${counts.partial} cut short, no violation`,
);
