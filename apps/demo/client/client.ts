// A terminal client of the demo: `npm run client [-- port [host]]`. Each line goes to the gate as a packet.
import { connect } from 'node:net';
import { createInterface } from 'node:readline';
import { isSkynetError, printable } from '@skynet/core';
import * as netpack from '@skynet/core/netpack';

const USAGE = `usage: npm run client [-- port [host]]

Talks to the demo's gate: port 8888 of this machine, or $SKYNET_GATE_PORT.
Then type: hello, get <key>, set <key> <value>, help, quit.`;

/** Characters of an answer that are shown. */
const LONGEST = 4096;

const [portText = process.env.SKYNET_GATE_PORT ?? '8888', host = '127.0.0.1'] = process.argv.slice(2);
const port = Number(portText);
if (process.argv.includes('--help') || process.argv.includes('-h')) {
  console.log(USAGE);
  process.exit(0);
}
if (!Number.isInteger(port) || port < 1 || port > 0xffff) {
  console.error(`not a port: ${portText}\n\n${USAGE}`);
  process.exit(2);
}

const terminal = process.stdin.isTTY === true;
const input = createInterface({ input: process.stdin, output: process.stdout, terminal, prompt: '> ' });
const server = connect({ host, port });
const reader = new netpack.FrameReader();
/** Requests whose answers have not come. */
let owed = 0;
let leaving = false;

function prompt(): void {
  if (terminal && !leaving) input.prompt(true);
}

/** Shows a line above the one that is being typed. */
function show(line: string): void {
  if (terminal) process.stdout.write('\r\x1b[K');
  console.log(line);
  prompt();
}

function take(text: string): void {
  const [kind, ...words] = text.split(' ');
  // Other players may have written it.
  const rest = printable(words.join(' '), LONGEST);
  if (kind === 'push') show(`[${rest}]`);
  else {
    owed--;
    show(kind === 'error' ? `error: ${rest}` : rest === '' ? 'ok' : rest);
  }
  if (leaving && owed === 0) server.end();
}

server.on('connect', () => {
  console.log(`connected to ${host}:${port}; type hello, get <key>, set <key> <value>, help or quit`);
  prompt();
});
server.on('data', (chunk: Buffer) =>
  reader.push(chunk, (bytes, start, end) => take(netpack.toString(bytes.subarray(start, end)))),
);
server.on('error', (error: NodeJS.ErrnoException) => {
  console.error(
    error.code === 'ECONNREFUSED'
      ? `nobody listens at ${host}:${port}; start the demo with: npm start`
      : error.message,
  );
  process.exitCode = 1;
});
server.on('close', () => {
  if (!leaving && process.exitCode === undefined) show('the server closed the connection');
  leaving = true;
  input.close();
});

input.on('line', (line) => {
  if (line.trim() === '') return prompt();
  try {
    server.write(netpack.pack(line));
    owed++;
  } catch (error) {
    show(isSkynetError(error) ? error.message : String(error));
  }
  if (line.trim() === 'quit') leaving = true;
});
// What was asked is still answered.
input.on('close', () => {
  leaving = true;
  if (owed === 0) server.end();
});
