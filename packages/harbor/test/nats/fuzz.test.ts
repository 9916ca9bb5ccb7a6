import { connect, type NatsConnection } from '@nats-io/transport-node';
import type { Handle } from '@skynet/core';
import { randomFrom, type TestNode } from '@skynet/core/testing';
import { describe, expect, onTestFinished } from 'vitest';
import { runs } from '../../../../test/runs.ts';
import { calling, echoIn } from '../calls.ts';
import { newMesh, onServer, ownServer, startNodes, why } from './nodes.ts';

// NATS_PACKETS and NATS_SEED choose another number and another seed.
const PACKETS = Number(process.env['NATS_PACKETS'] ?? runs(1500));
const SEED = Number(process.env['NATS_SEED'] ?? 20_261_128);

/** Somebody who is let into NATS, hears what a mesh says and sends packets that no node would. */
class Stranger {
  readonly #nc: NatsConnection;
  readonly #random: () => number;
  /** What was heard last, to be changed and sent again. */
  readonly #heard: { subject: string; reply: string; data: Uint8Array }[] = [];
  readonly #mesh: string;

  private constructor(nc: NatsConnection, mesh: string, random: () => number) {
    this.#nc = nc;
    this.#random = random;
    this.#mesh = mesh;
    for (const subject of [`skynet.${mesh}.>`, `$KV.skynet_${mesh}.>`, `$KV.skynet_${mesh}_lease.>`])
      nc.subscribe(subject, {
        callback: (_, { subject: on, reply = '', data }) => {
          this.#heard.push({ subject: on, reply, data: data.slice() });
          if (this.#heard.length > 300) this.#heard.shift();
        },
      });
  }

  static async at(servers: string, mesh: string, random: () => number): Promise<Stranger> {
    const nc = await connect({ servers });
    onTestFinished(() => nc.close());
    const stranger = new Stranger(nc, mesh, random);
    await nc.flush();
    return stranger;
  }

  #below(limit: number): number {
    return Math.floor(this.#random() * limit);
  }

  #bytes(most: number): Buffer {
    return Buffer.from(Array.from({ length: this.#below(most) }, () => this.#below(256)));
  }

  #changed(data: Uint8Array): Buffer {
    const bytes = Buffer.from(data);
    for (let left = this.#below(4); left > 0 && bytes.length > 0; left--)
      bytes[this.#below(bytes.length)] = this.#below(256);
    return this.#below(4) === 0 ? bytes.subarray(0, this.#below(bytes.length + 1)) : bytes;
  }

  /** The end of a subject is replaced now and then: another kind of packet, another key. */
  #elsewhere(subject: string): string {
    const ends = ['in', 'there', `down.${this.#below(10)}`, 'node.1', 'node.999', 'node.x', 'name.zz', 'x'];
    const end = ends[this.#below(ends.length)] as string;
    return this.#below(3) > 0 ? subject : `${subject.split('.').slice(0, -1).join('.')}.${end}`;
  }

  /** Sends one packet. */
  send(): void {
    const heard = this.#heard[this.#below(this.#heard.length)];
    if (heard === undefined) return;
    const data = this.#below(4) === 0 ? this.#bytes(200) : this.#changed(heard.data);
    const reply = this.#below(3) === 0 ? `skynet.${this.#mesh}.node.1.x` : heard.reply;
    this.#nc.publish(this.#elsewhere(heard.subject), data, reply === '' ? {} : { reply });
  }

  async flush(): Promise<void> {
    await this.#nc.flush();
  }
}

describe('fuzz: what comes over NATS', { timeout: 3_600_000 }, () => {
  onServer.each([true, false])(
    `any packets: every call ends, nobody falls, nothing raw in the log (directly %s, NATS_SEED=${SEED})${why}`,
    async (direct) => {
      const server = await ownServer();
      const mesh = newMesh();
      const nodes = await startNodes(2, { mesh, servers: server.url, direct, lease: '5s' });
      const [one, two] = nodes as [TestNode, TestNode];
      const echo = await echoIn(two, 'echo');
      const stranger = await Stranger.at(server.url, mesh, randomFrom(SEED));
      const codes = new Set<unknown>();
      for (let sent = 0; sent < PACKETS; sent += 50) {
        const call = calling(one, echo, 'echo', sent);
        for (let i = 0; i < 50; i++) stranger.send();
        await stranger.flush();
        const got = await call;
        if (typeof got === 'object') expect(got).toEqual({ answered: [sent] });
        else codes.add(got);
      }
      for (const code of codes) expect(code).toMatch(/^ERR_(NODE_LOST|SERVICE_GONE|TIMEOUT)$/);
      // What the stranger has written over is written again.
      const name = await two.run((skynet) => skynet.newService('echo', 'later'));
      expect(await one.run((skynet) => skynet.queryName('later'))).toBe(name as Handle);
      await expect
        .poll(() => calling(one, 'later', 'echo', 1), { timeout: 60_000 })
        .toEqual({ answered: [1] });
      for (const node of nodes) expect(node.log.filter((line) => /\p{Cc}/u.test(line))).toEqual([]);
    },
  );
});
