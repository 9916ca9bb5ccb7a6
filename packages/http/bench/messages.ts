/** A request in base64. */
export function requestOf(body: string): string {
  const head =
    body === ''
      ? 'GET / HTTP/1.1\r\nhost: localhost\r\nuser-agent: bench\r\naccept: */*\r\n\r\n'
      : `POST / HTTP/1.1\r\nhost: localhost\r\ncontent-length: ${body.length}\r\n\r\n`;
  return Buffer.from(head + body).toString('base64');
}

/** A handshake in base64. */
export const HANDSHAKE: string = Buffer.from(
  'GET / HTTP/1.1\r\nhost: localhost\r\nupgrade: websocket\r\nconnection: upgrade\r\n' +
    'sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\nsec-websocket-version: 13\r\n\r\n',
).toString('base64');

const SIZE = 64;

/** A binary frame of a client with 64 bytes, in base64. */
export const FRAME: string = Buffer.concat([
  Buffer.of(0x82, 0x80 | SIZE, 1, 2, 3, 4),
  Buffer.from(Array.from({ length: SIZE }, (_, i) => (i * 31) & 255)),
]).toString('base64');

/** Bytes of the answer's payload. */
export const FRAME_ANSWER: number = SIZE;
