// Load for a login server: `tsx packages/loginserver/bench/login-load.ts --port 8001 [--clients 32] [--seconds 3]`.
// Each client logs in again and again. Prints `measuring` when the warm-up is over, and a line of JSON at the end.
import { connect } from 'node:net';
import { parseArgs } from 'node:util';
import {
  base64decode,
  base64encode,
  desencode,
  dhexchange,
  dhsecret,
  hmac64,
  randomkey,
} from '@skynet/core/crypt';

const text = { type: 'string' } as const;
const { values } = parseArgs({
  options: { port: text, clients: { ...text, default: '32' }, seconds: { ...text, default: '3' } },
});
const [port, clients, seconds] = [values.port, values.clients, values.seconds].map(Number) as [
  number,
  number,
  number,
];

// The client's share is done once, so that it is the server that is measured.
const key = randomkey();
const exchanged = `${base64encode(dhexchange(key))}\n`;
const token = 'aGVsbG8=@c2FtcGxl:cGFzc3dvcmQ=';

let counting = false;
let logins = 0;

function logIn(): void {
  const socket = connect({ port, host: '127.0.0.1', noDelay: true });
  let line = 0;
  let received = '';
  let challenge: Uint8Array;
  const take = (said: string): void => {
    if (line === 0) {
      challenge = base64decode(said);
      socket.write(exchanged);
    } else if (line === 1) {
      const secret = dhsecret(base64decode(said), key);
      const proof = base64encode(hmac64(challenge, secret));
      socket.write(`${proof}\n${base64encode(desencode(secret, `${token}${Math.random()}`))}\n`);
    } else {
      if (!said.startsWith('200 ')) throw new Error(`the login failed: ${said}`);
      // Not every server closes by itself.
      socket.end();
    }
    line++;
  };
  socket.setEncoding('latin1');
  socket.on('data', (chunk: string) => {
    received += chunk;
    for (let at = received.indexOf('\n'); at >= 0; at = received.indexOf('\n')) {
      take(received.slice(0, at));
      received = received.slice(at + 1);
    }
  });
  socket.on('close', () => {
    if (line !== 3) throw new Error(`closed after ${line} lines`);
    if (counting) logins++;
    logIn();
  });
}

const sleep = (time: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, time * 1000));

for (let i = 0; i < clients; i++) logIn();
await sleep(seconds / 5);
console.log('measuring');
const start = performance.now();
counting = true;
// A busy machine may take longer for the first one.
do await sleep(seconds);
while (logins === 0);
counting = false;
console.log(
  JSON.stringify({ answers: logins, rate: Math.round((logins * 1000) / (performance.now() - start)) }),
);
process.exit(0);
