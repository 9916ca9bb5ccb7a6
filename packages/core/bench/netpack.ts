// Framing: one line a case. Run: tsx packages/core/bench/netpack.ts
import { FrameReader, pack, packInto, toString as textOf } from '../src/netpack/index.ts';

const FRAMES = 3_000_000;
const ROUNDS = 5;

/** The best of a few rounds, in millions of frames a second. */
function report(name: string, run: () => number): void {
  let best = 0;
  for (let round = 0; round < ROUNDS; round++) {
    const before = performance.now();
    const frames = run();
    best = Math.max(best, frames / (performance.now() - before) / 1000);
  }
  console.log(`${name.padEnd(44)} ${best.toFixed(1).padStart(7)} M frames/s`);
}

function streamOf(payload: number, bytes: number): Uint8Array {
  const frame = pack(new Uint8Array(payload).fill(0x61));
  const stream = new Uint8Array(bytes);
  for (let at = 0; at < bytes; at += frame.length) stream.set(frame.subarray(0, bytes - at), at);
  return stream;
}

// Chunks of 64 KiB minus a few bytes, so that every one of them ends in the middle of a frame.
for (const payload of [8, 64, 1024]) {
  const whole = streamOf(payload, (payload + 2) * 65_000);
  const chunks = Array.from({ length: Math.ceil(whole.length / 65_521) }, (_, i) =>
    whole.subarray(i * 65_521, (i + 1) * 65_521),
  );
  const passes = Math.ceil(FRAMES / 65_000 / (payload > 100 ? 10 : 1));
  let seen = 0;
  const onView = (_: Uint8Array, start: number, end: number): void => {
    if (end > start) seen++;
  };
  const onOwned = (frame: Uint8Array): void => {
    if (frame.length > 0) seen++;
  };
  report(`read ${payload}-byte frames, views`, () => {
    const reader = new FrameReader();
    seen = 0;
    for (let pass = 0; pass < passes; pass++) {
      for (const chunk of chunks) reader.push(chunk, onView);
    }
    return seen;
  });
  report(`read ${payload}-byte frames, owned`, () => {
    const reader = new FrameReader();
    seen = 0;
    for (let pass = 0; pass < passes; pass++) {
      for (const chunk of chunks) reader.pushOwned(chunk, onOwned);
    }
    return seen;
  });
}

const one = streamOf(64, 66);
let count = 0;
report('read 64-byte frames, one a chunk, views', () => {
  const reader = new FrameReader();
  const onFrame = (): void => void count++;
  for (let i = 0; i < FRAMES; i++) reader.push(one, onFrame);
  return FRAMES;
});
report('read 64-byte frames, one a chunk, owned', () => {
  const reader = new FrameReader();
  const onFrame = (): void => void count++;
  for (let i = 0; i < FRAMES; i++) reader.pushOwned(one, onFrame);
  return FRAMES;
});

const payload = new Uint8Array(64).fill(0x61);
const text = 'x'.repeat(64);
const target = new Uint8Array(65_536);
for (const [name, data] of [
  ['bytes', payload],
  ['text', text],
] as const) {
  report(`pack 64 ${name}`, () => {
    for (let i = 0; i < FRAMES; i++) count += pack(data).length;
    return FRAMES;
  });
  report(`packInto 64 ${name}`, () => {
    for (let i = 0, at = 0; i < FRAMES; i++) {
      if (at + 66 > target.length) at = 0;
      at += packInto(data, target, at);
    }
    return FRAMES;
  });
}
for (const size of [16, 64, 1024]) {
  const bytes = new Uint8Array(size).fill(0x61);
  report(`toString of ${size} bytes`, () => {
    for (let i = 0; i < FRAMES / 3; i++) count += textOf(bytes).length;
    return FRAMES / 3;
  });
}
