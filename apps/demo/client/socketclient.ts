// The book's C client (9.2, and framed as in 13.2): what is typed goes to the server, what comes is shown.
// Usage: socketclient [port] [--framed] [--host address]
import { connect } from 'node:net';
import { createInterface } from 'node:readline';
import { parseArgs } from 'node:util';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { framed: { type: 'boolean', default: false }, host: { type: 'string', default: '127.0.0.1' } },
});
const port = Number(positionals[0] ?? 8001);
if (!Number.isInteger(port) || port < 1 || port > 65_535) {
  console.error(`not a port: ${positionals[0]}`);
  process.exit(2);
}

/** A packet: two bytes of length, big endian, then the text. */
function frame(text: string): Buffer {
  const body = Buffer.from(text);
  const header = Buffer.alloc(2);
  header.writeUInt16BE(body.length);
  return Buffer.concat([header, body]);
}

/** Bytes in, whole packets out. */
class Packets {
  #rest: Buffer = Buffer.alloc(0);

  push(chunk: Buffer): string[] {
    const packets: string[] = [];
    let bytes = Buffer.concat([this.#rest, chunk]);
    while (bytes.length >= 2 && bytes.length >= 2 + bytes.readUInt16BE(0)) {
      const end = 2 + bytes.readUInt16BE(0);
      packets.push(bytes.toString('utf8', 2, end));
      bytes = bytes.subarray(end);
    }
    this.#rest = bytes;
    return packets;
  }
}

const server = connect({ port, host: values.host });
const packets = new Packets();

server.on('data', (chunk: Buffer) => {
  if (!values.framed) process.stdout.write(chunk);
  else for (const text of packets.push(chunk)) console.log(text);
});
server.on('end', () => {
  console.log('the other side has been closed.');
  process.exit(0);
});
server.on('error', (error) => {
  console.error(error.message);
  process.exit(1);
});

const lines = createInterface({ input: process.stdin, terminal: false });
lines.on('line', (line) => {
  if (!values.framed) server.write(`${line}\n`);
  else if (Buffer.byteLength(line) > 0xffff) console.error('a packet holds 65535 bytes at most');
  else server.write(frame(line));
});
// As the book's client, which closes at the end of its input and so sees no more answers.
lines.on('close', () => server.destroySoon());
