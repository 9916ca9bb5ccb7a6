import { randomInt } from 'node:crypto';
import { createSocket, type Socket } from 'node:dgram';
import type { ServiceKernel } from '@skynet/core/kernel';
import { FrameReader } from '@skynet/core/netpack';
import type { Connection } from '@skynet/core/transport';
import { type HostPort, isV6, joinHostPort } from './address.ts';
import { idOf, type Question, queryBytes, type Reply, readReply } from './dns-message.ts';

/** The socket is closed after so long without a question, in milliseconds. */
const IDLE = 60_000;

/** A question that waits. */
interface Asked {
  readonly question: Question;
  readonly answered: (reply: Reply) => void;
}

/**
 * One name server: questions go out over UDP, all from one socket, and over TCP when the answer does not fit. Only what comes
 * from the server, has the id of a question and repeats it, counts as its answer.
 */
export class DnsServer {
  readonly #kernel: ServiceKernel;
  readonly #where: HostPort;
  readonly #asked = new Map<number, Asked>();
  readonly #calls = new Set<Connection>();
  readonly #log: (text: string) => void;
  #socket: Socket | undefined = undefined;
  #idle: NodeJS.Timeout | undefined = undefined;

  constructor(kernel: ServiceKernel, where: HostPort, log: (text: string) => void) {
    this.#kernel = kernel;
    this.#where = where;
    this.#log = log;
  }

  /** Sends a question. `answered` is called for each answer to it until the returned function is. */
  ask(question: Question, answered: (reply: Reply) => void): () => void {
    const id = this.#freeId();
    this.#asked.set(id, { question, answered });
    const socket = this.#open();
    const bytes = queryBytes(id, question);
    const { host, port } = this.#where;
    // What cannot be sent is asked again, like what was lost.
    socket.send(bytes, port, host, () => {});
    return () => void this.#asked.delete(id);
  }

  #freeId(): number {
    for (;;) {
      const id = randomInt(1, 65_536);
      if (!this.#asked.has(id)) return id;
    }
  }

  /** Questions that wait. */
  get size(): number {
    return this.#asked.size;
  }

  #open(): Socket {
    this.#idle?.refresh();
    if (this.#socket !== undefined) return this.#socket;
    const { host, port } = this.#where;
    this.#log(`Udp server open ${joinHostPort(host, port)}`);
    const socket = createSocket(isV6(host) ? 'udp6' : 'udp4');
    socket.on('message', (data, from) => {
      if (from.port === port && sameHost(from.address, host)) this.#received(data);
    });
    // Questions that cannot be sent end by their deadline.
    socket.on('error', () => {});
    socket.unref();
    this.#socket = socket;
    this.#idle = setTimeout(() => this.#rest(), IDLE);
    this.#idle.unref();
    return socket;
  }

  #rest(): void {
    if (this.#asked.size > 0) {
      this.#idle?.refresh();
      return;
    }
    this.#log(`Udp server close ${joinHostPort(this.#where.host, this.#where.port)}`);
    this.close();
  }

  #received(data: Uint8Array): void {
    const id = idOf(data);
    const asked = id === undefined ? undefined : this.#asked.get(id);
    if (asked === undefined) return;
    const reply = readReply(data, asked.question);
    if (reply === undefined) return;
    if (reply.truncated) this.#askWhole(id as number, asked, reply);
    else asked.answered(reply);
  }

  /** Asks over TCP. Where that fails, what came over UDP is the answer. */
  #askWhole(id: number, asked: Asked, short: Reply): void {
    const { host, port } = this.#where;
    let done = false;
    const finish = (reply: Reply): void => {
      if (done) return;
      done = true;
      asked.answered(reply);
    };
    this.#kernel.thread.transports.connect(`tcp://${joinHostPort(host, port)}`, { timeout: 5000 }).then(
      (connection) => {
        if (!this.#asked.has(id) || this.#socket === undefined) {
          connection.destroy();
          return;
        }
        this.#calls.add(connection);
        const frames = new FrameReader();
        connection.start({
          data: (chunk) =>
            frames.push(chunk, (buffer, start, end) => {
              const bytes = buffer.slice(start, end);
              const reply = idOf(bytes) === id ? readReply(bytes, asked.question) : undefined;
              if (reply !== undefined) finish(reply);
              connection.close();
            }),
          end: () => connection.close(),
          drained: () => {},
          error: () => {},
          closed: () => {
            this.#calls.delete(connection);
            finish(short);
          },
        });
        connection.writeFrame(queryBytes(id, asked.question), 2);
      },
      () => finish(short),
    );
  }

  /** Closes the socket. It is opened again by the next question. */
  close(): void {
    clearTimeout(this.#idle);
    this.#socket?.close();
    this.#socket = undefined;
    this.#asked.clear();
    for (const connection of this.#calls) connection.destroy();
  }
}

function sameHost(from: string, host: string): boolean {
  return (
    from === host || from.replace(/^::ffff:/i, '') === host || (isV6(host) && from.split('%')[0] === host)
  );
}
