import { expect, test } from 'vitest';
import type { Note } from '../src/note.ts';
import { RemoteConnection } from '../src/remote-connection.ts';

test('what another thread is told to write was checked here', () => {
  const told: Note[] = [];
  const connection = new RemoteConnection(7, 1, '127.0.0.1:5', '127.0.0.1:6', (note) => told.push(note));
  expect(() => connection.write('text' as never)).toThrow(expect.objectContaining({ code: 'ERR_ARGUMENT' }));
  expect(() => connection.writeFrame(null as never, 2)).toThrow(
    expect.objectContaining({ code: 'ERR_ARGUMENT', message: 'a connection takes a Uint8Array, not null' }),
  );
  expect(() => connection.writeFrame(new Uint8Array(65_536), 2)).toThrow(
    expect.objectContaining({ code: 'ERR_FRAME_TOO_LARGE', details: { size: 65_536, limit: 65_535 } }),
  );
  expect(told).toEqual([]);
  connection.writeFrame(Buffer.from('ab'), 2);
  connection.writeFrame(new Uint8Array(65_536), 4);
  expect(told.map(([op, id, bytes]) => [op, id, (bytes as Uint8Array).length])).toEqual([
    ['write', 7, 4],
    ['write', 7, 65_540],
  ]);
  expect(connection.pendingBytes).toBe(65_544);
});
