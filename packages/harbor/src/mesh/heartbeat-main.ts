// Beats of a node, in a thread that runs no services: it sends them and hears them however busy the others are. A stopped
// process sends none. They are datagrams:
//
//   16 bytes   token that whoever gets the beat has given out for this link
//   u32        milliseconds since the sender's main thread last went round, big endian
//
// Told by its parent of links that begin and end. It tells which have been silent for too long, as far as beats, and bytes on
// the link, which the main thread notes in shared memory, are concerned.
import { createSocket } from 'node:dgram';
import { parentPort, workerData } from 'node:worker_threads';
import { Listener } from './beats.ts';
import { BEAT_SIZE, type FromHeartbeat, type HeartbeatSetup, type ToHeartbeat } from './heartbeat-wire.ts';

interface Beating {
  readonly key: number;
  readonly host: string;
  readonly port: number;
  /** What beats to the other side begin with. */
  readonly theirs: Buffer;
  /** What beats from there begin with. */
  readonly mine: string;
}

const { host, port, memory, every, silence } = workerData as HeartbeatSetup;
const listener = new Listener(memory, { every, silence });
const links = new Map<number, Beating>();
const byToken = new Map<string, Beating>();
const socket = createSocket(host.includes(':') ? 'udp6' : 'udp4');

const tell = (message: FromHeartbeat): void => parentPort?.postMessage(message);

socket.on('message', (bytes) => {
  if (bytes.length !== BEAT_SIZE) return;
  const link = byToken.get(bytes.toString('hex', 0, 16));
  if (link !== undefined) listener.beat(link.key, bytes.readUInt32BE(16));
});
// A network that refuses them is as one that loses them.
socket.on('error', () => {});

function beat(): void {
  const { pause } = listener;
  for (const link of links.values()) {
    const bytes = Buffer.allocUnsafe(BEAT_SIZE);
    link.theirs.copy(bytes);
    bytes.writeUInt32BE(pause, 16);
    socket.send(bytes, link.port, link.host, () => {});
  }
}

function look(): void {
  for (const silent of listener.look()) {
    forget(silent.key);
    tell(silent);
  }
}

function forget(key: number): void {
  listener.ended(key);
  const link = links.get(key);
  if (link === undefined) return;
  links.delete(key);
  byToken.delete(link.mine);
}

parentPort?.on('message', (message: ToHeartbeat) => {
  if (message.kind === 'ended') {
    forget(message.key);
    return;
  }
  const link: Beating = {
    key: message.key,
    host: message.host,
    port: message.port,
    theirs: Buffer.from(message.theirs, 'hex'),
    mine: message.mine,
  };
  links.set(link.key, link);
  listener.began(link.key);
  byToken.set(link.mine, link);
});

/** On the port that the node listens on, or if that is taken, on any. */
function bind(wanted: number): void {
  const failed = (): void => {
    if (wanted === 0) tell({ kind: 'bound', port: 0 });
    else bind(0);
  };
  socket.once('error', failed);
  socket.bind(wanted, host, () => {
    socket.off('error', failed);
    tell({ kind: 'bound', port: socket.address().port });
    setInterval(() => {
      beat();
      look();
    }, every);
  });
}

bind(port);
