// Keeps a node in its mesh, in a thread that runs no services: renews its lease, beats for its links over subjects and hears
// the beats of others, however busy the rest of the node is. A stopped process does none of that.
import { setTimeout as pause } from 'node:timers/promises';
import { parentPort, workerData } from 'node:worker_threads';
import type { NatsConnection, Subscription } from '@nats-io/transport-node';
import { Listener } from '../mesh/beats.ts';
import { connectNats } from './connection.ts';
import type { FromKeeper, KeeperSetup, ToKeeper } from './keeper-wire.ts';
import { isOvertaken, Store } from './store.ts';

const { servers, mesh, id, lease, leaseTime, replicas, beatSubject, memory, every, silence } =
  workerData as KeeperSetup;
/** Milliseconds until a lease is renewed again that NATS could not renew. */
const AGAIN_AFTER = 500;
const listener = new Listener(memory, { every, silence });
const tell = (message: FromKeeper): void => parentPort?.postMessage(message);

/** Subscriptions to the beats of others, by key of the link. */
const links = new Map<number, Subscription>();
let connection: NatsConnection | undefined;
let isConnected = false;

// --- beats

function began(key: number, subject: string): void {
  const nc = connection;
  if (nc === undefined) return;
  listener.began(key);
  const subscription = nc.subscribe(subject, {
    callback: (_, { data }) => listener.beat(key, data.length === 4 ? Buffer.from(data).readUInt32BE(0) : 0),
  });
  links.set(key, subscription);
}

function ended(key: number): void {
  listener.ended(key);
  links.get(key)?.unsubscribe();
  links.delete(key);
}

function beat(): void {
  if (links.size === 0 || !isConnected) return;
  const age = Buffer.alloc(4);
  age.writeUInt32BE(listener.pause);
  connection?.publish(beatSubject, age);
}

function look(): void {
  for (const silent of listener.look(!isConnected)) {
    ended(silent.key);
    tell(silent);
  }
}

// --- the lease

let revision = 0;
let isLeaving = false;
/** When the lease was last known to be this node's: never later than the server saw it. */
let heldAt = 0;
let isIsolated = false;
let store: Store | undefined;
let renewing: Promise<boolean> = Promise.resolve(true);
let renewNow = (): void => {};

/** Renews the lease; whether NATS has it now. */
async function renew(): Promise<boolean> {
  const begun = performance.now();
  let isAnew = false;
  try {
    store ??= await Store.open(connection as NatsConnection, mesh, { lease: leaseTime, replicas });
    try {
      revision = await store.writeLease(id, lease, revision);
    } catch (error) {
      if (!isOvertaken(error)) throw error;
      const { value, revision: found } = await store.lease(id);
      if (value !== undefined && value.incarnation !== lease.incarnation) {
        tell({ kind: 'refused' });
        isLeaving = true;
        return false;
      }
      // It has run out, or somebody has ended it; or what was written came in without an answer.
      isAnew = value === undefined;
      revision = await store.writeLease(id, lease, found);
    }
    heldAt = begun;
    if (isIsolated || isAnew) tell({ kind: 'renewed', isAnew });
    isIsolated = false;
    return true;
  } catch (error) {
    // The bucket itself may be gone with its server.
    store = undefined;
    if (isIsolated || isLeaving || performance.now() - heldAt < leaseTime) return false;
    isIsolated = true;
    tell({ kind: 'isolated', why: `its lease has run out: ${(error as Error).message}` });
    return false;
  }
}

/** Waits so long, in milliseconds, or until NATS is there again, which may have forgotten the lease. */
function untilRenewal(time: number): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, time);
    renewNow = () => {
      clearTimeout(timer);
      resolve();
    };
  });
}

async function keepLease(): Promise<void> {
  heldAt = performance.now();
  for (let isRenewed = true; ; ) {
    await untilRenewal(isRenewed ? leaseTime / 5 : Math.min(leaseTime / 5, AGAIN_AFTER));
    if (isLeaving) return;
    // An answer that does not come does not keep this node from seeing that its lease has run out.
    renewing = renew();
    isRenewed = await Promise.race([renewing, pause(leaseTime / 2, false)]);
    if (!isIsolated && !isLeaving && performance.now() - heldAt >= leaseTime) {
      isIsolated = true;
      tell({ kind: 'isolated', why: 'its lease has run out: NATS does not answer' });
    }
  }
}

async function leave(): Promise<void> {
  isLeaving = true;
  try {
    await renewing;
    if (isConnected && revision > 0) await store?.endLease(id, revision);
  } catch {
    // It runs out by itself.
  }
  tell({ kind: 'left' });
}

// --- the thread

parentPort?.on('message', (message: ToKeeper) => {
  switch (message.kind) {
    case 'renew':
      revision = message.revision;
      void keepLease();
      break;
    case 'leave':
      void leave();
      break;
    case 'began':
      began(message.key, message.subject);
      break;
    case 'ended':
      ended(message.key);
      break;
  }
});

try {
  connection = await connectNats(servers, `skynet ${mesh} ${id} keeper`);
  isConnected = true;
  store = await Store.open(connection, mesh, { lease: leaseTime, replicas });
  tell({ kind: 'ready' });
} catch (error) {
  tell({ kind: 'failed', why: (error as Error).message });
}

setInterval(() => {
  beat();
  look();
}, every);

if (connection !== undefined)
  for await (const { type } of connection.status()) {
    if (type === 'disconnect') isConnected = false;
    if (type !== 'reconnect') continue;
    isConnected = true;
    renewNow();
  }
