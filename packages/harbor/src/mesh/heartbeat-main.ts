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
import {
  BEAT_SIZE,
  type FromHeartbeat,
  type HeartbeatSetup,
  LAST_ROUND,
  type ToHeartbeat,
} from './heartbeat-wire.ts';

interface Beating {
  readonly key: number;
  readonly host: string;
  readonly port: number;
  /** What beats to the other side begin with. */
  readonly theirs: Buffer;
  /** What beats from there begin with. */
  readonly mine: string;
  /** When one last came, and since when its main thread goes round without a long pause; undefined when it does not. */
  heard: number;
  goesRoundSince: number | undefined;
  hasBeaten: boolean;
}

const { host, port, memory, every, silence } = workerData as HeartbeatSetup;
const noted = new Float64Array(memory);
const links = new Map<number, Beating>();
const byToken = new Map<string, Beating>();
const socket = createSocket(host.includes(':') ? 'udp6' : 'udp4');
let looked = performance.timeOrigin + performance.now();

const now = (): number => performance.timeOrigin + performance.now();
const tell = (message: FromHeartbeat): void => parentPort?.postMessage(message);
/** Milliseconds since the main thread of this node last went round. */
const pause = (): number => Math.max(0, now() - (noted[LAST_ROUND] as number));

socket.on('message', (bytes) => {
  if (bytes.length !== BEAT_SIZE) return;
  const link = byToken.get(bytes.toString('hex', 0, 16));
  if (link === undefined) return;
  const at = now();
  link.heard = at;
  link.hasBeaten = true;
  if (bytes.readUInt32BE(16) > 2 * every) link.goesRoundSince = undefined;
  else link.goesRoundSince ??= at;
});
// A network that refuses them is as one that loses them.
socket.on('error', () => {});

function beat(): void {
  const age = Math.min(pause(), 0xffffffff);
  for (const link of links.values()) {
    const bytes = Buffer.allocUnsafe(BEAT_SIZE);
    link.theirs.copy(bytes);
    bytes.writeUInt32BE(Math.round(age), 16);
    socket.send(bytes, link.port, link.host, () => {});
  }
}

/** Since when the main thread of this node goes round without a long pause. */
let roundsSince: number | undefined;

function look(): void {
  const at = now();
  // This very process was stopped, or its machine slept: what was sent meanwhile still has to be heard.
  const hasSlept = at - looked > 3 * every;
  looked = at;
  if (pause() > 2 * every) roundsSince = undefined;
  else roundsSince ??= at;
  for (const link of links.values()) {
    if (hasSlept) link.heard = at;
    const bytesAt = noted[link.key] as number;
    const isSilent = at - Math.max(link.heard, bytesAt) > silence;
    // It lives, its main thread and that of this node go round, and still nothing comes over the link: that is stalled.
    const since = Math.max(bytesAt, link.goesRoundSince ?? at, roundsSince ?? at);
    const isStalled = !hasSlept && link.hasBeaten && at - since > silence;
    if (!isSilent && !isStalled) continue;
    if (hasSlept) noted[link.key] = at;
    else {
      forget(link.key);
      tell({ kind: 'silent', key: link.key, isStalled: !isSilent });
    }
  }
}

function forget(key: number): void {
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
    heard: now(),
    goesRoundSince: undefined,
    hasBeaten: false,
  };
  links.set(link.key, link);
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
