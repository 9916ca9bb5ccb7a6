import { isSkynetError, printable, type SkynetError } from '@skynet/core';
import { meshError } from '../mesh/errors.ts';
import type { Link, LinkPlace, LinkPurpose, LinkTransport } from '../mesh/link.ts';
import type { MeshNode } from '../mesh/node.ts';
import { NatsClient, type NatsSettings } from './client.ts';
import { SubjectLinks } from './subject-links.ts';

/** Address of a node that is reached over NATS alone. */
const NO_ADDRESS = 'nats';

/**
 * Links between nodes of a mesh over NATS: from one to the other where that can be, over NATS where not.
 *
 * What the directory makes known goes over NATS anyway; links are for messages of services alone.
 */
export class NatsLinks implements LinkTransport {
  readonly #settings: NatsSettings;
  readonly #direct: LinkTransport | undefined;
  readonly #key: string | undefined;
  #place: LinkPlace | undefined;
  #client: NatsClient | undefined;
  #subjects: SubjectLinks | undefined;
  /** Lives of nodes that a direct link was open to: who is refused there is gone. */
  readonly #metDirectly = new Set<string>();
  readonly #toldOf = new Set<string>();

  /** Without `direct` all links go over NATS. */
  constructor(settings: NatsSettings, direct: LinkTransport | undefined, key: string | undefined) {
    this.#settings = settings;
    this.#direct = direct;
    this.#key = key;
  }

  /** The connection, once it is opened. */
  get client(): NatsClient {
    if (this.#client === undefined) throw meshError('ERR_MESH_ALONE', 'NATS is not connected yet');
    return this.#client;
  }

  async open(place: LinkPlace, accept: (link: Link) => void): Promise<string> {
    const { kernel, incarnation } = place;
    this.#place = place;
    const client = await kernel.skynet.await(
      NatsClient.connect(this.#settings, incarnation, (text) => place.log(text)),
    );
    this.#client = client;
    const address =
      (await this.#direct?.open(place, (link) => this.#acceptDirect(link, accept))) ?? NO_ADDRESS;
    this.#subjects = new SubjectLinks(client, place, address, this.#key, accept);
    return address;
  }

  #acceptDirect(link: Link, accept: (link: Link) => void): void {
    // Where it says that it listens is where it comes from.
    if (hostOf(link.stat().peer) === hostOf(link.peer.address)) this.#met(link.peer);
    accept(link);
  }

  #met({ incarnation }: MeshNode): void {
    this.#metDirectly.add(incarnation);
    this.#toldOf.delete(incarnation);
  }

  async dial(address: string, purpose: LinkPurpose, to?: MeshNode): Promise<Link> {
    if (to === undefined) throw meshError('ERR_ARGUMENT', 'nodes of NATS are not looked for by address');
    const { kernel } = this.#place as LinkPlace;
    const subjects = this.#subjects as SubjectLinks;
    let failure: SkynetError | undefined;
    if (this.#direct !== undefined && address !== NO_ADDRESS) {
      try {
        const link = await this.#direct.dial(address, purpose, to);
        this.#met(to);
        return link;
      } catch (error) {
        if (!isSkynetError(error) || error.code === 'ERR_SERVICE_ENDED') throw error;
        failure = error;
      }
    }
    try {
      const link = await kernel.skynet.await(subjects.dial(to, purpose));
      this.#tellOf(to, failure);
      return link;
    } catch (error) {
      throw this.#judged(to, failure, error);
    }
  }

  #tellOf(to: MeshNode, failure: SkynetError | undefined): void {
    if (failure === undefined || this.#toldOf.has(to.incarnation)) return;
    this.#toldOf.add(to.incarnation);
    this.#place?.log(`node ${to.id} is reached over NATS: ${printable(failure.message)}`);
  }

  /** `isGone`: where it once was nobody listens, and it takes nothing from NATS either. */
  #judged(to: MeshNode, failure: SkynetError | undefined, error: unknown): unknown {
    if (!isSkynetError(error) || error.details?.['isUnheard'] !== true) return error;
    const { reason, isOther } = failure?.details ?? {};
    const isRefused = reason === 'ECONNREFUSED' || isOther === true;
    return meshError('ERR_CONNECT', error.message, {
      cause: failure ?? error,
      details: { isGone: isRefused && this.#metDirectly.has(to.incarnation) },
    });
  }

  /** A node does not come back in this life. */
  forget({ incarnation }: MeshNode): void {
    this.#metDirectly.delete(incarnation);
    this.#toldOf.delete(incarnation);
  }

  info(): Record<string, unknown> {
    return { 'over subjects': this.#subjects?.peers().join(' ') ?? '' };
  }

  async close(): Promise<void> {
    this.#subjects?.close();
    await this.#direct?.close();
    await this.#client?.close();
  }
}

function hostOf(address: string | undefined): string | undefined {
  return address?.replace(/^[a-z]+:\/\//, '').replace(/:\d+$/, '');
}
