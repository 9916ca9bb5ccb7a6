// npm run client [-- port [host]]: sends each line that is typed as a frame, shows each frame that comes.
import { createInterface } from 'node:readline';
import { printable } from '@skynet/core';
import { connectToGate } from './frames.ts';

const [port = process.env.PORT || '8888', host] = process.argv.slice(2);
const client = await connectToGate(Number(port), host).catch((error: Error) => {
  console.error(`no server at port ${port}: ${error.message}`);
  process.exit(1);
});
const input = createInterface({ input: process.stdin });
input.on('line', (line) => client.send(line));
input.on('close', () => client.close());
for await (const line of client.lines) console.log(printable(line, 4096));
process.exit();
