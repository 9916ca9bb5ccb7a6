import { isIP } from 'node:net';
import { type Duration, printable, type Skynet, type SkynetError } from '@skynet/core';
import { kernelOf, type ServiceKernel } from '@skynet/core/kernel';
import { readOptions } from '@skynet/core/options';
import { type HostPort, hostPort } from './address.ts';
import { DnsCache } from './dns-cache.ts';
import { type Hosts, parseHosts, parseResolvConf, textOf } from './dns-hosts.ts';
import type { Question, Reply } from './dns-message.ts';
import { DnsServer } from './dns-server.ts';
import { socketError } from './errors.ts';

/** Most bytes of a label and of a name. */
const MAX_LABEL = 63;
const MAX_NAME = 253;
const PORT = 53;

/** What {@link createDns} is given. */
export interface DnsOptions {
  /** The hosts file, read once; `false` for none. Default `/etc/hosts`. */
  hosts?: string | false;
  /** Where name servers stand when {@link Dns.server} is not told one. Default `/etc/resolv.conf`. */
  resolvConf?: string;
  /** How long a name is asked for. Default 30 s. */
  timeout?: Duration;
  /** After how long without an answer it is asked again, of the next name server if there are several. Default 5 s. */
  retry?: Duration;
  /** Names that are kept. Default 4096; those asked for longest ago go first. */
  maxCached?: number;
  /** Names that may be asked for at the same time. Default 4096. */
  maxWaiting?: number;
}

interface Settings {
  readonly hosts: string | false;
  readonly resolvConf: string;
  readonly timeout: number;
  readonly retry: number;
  readonly maxCached: number;
  readonly maxWaiting: number;
}

function settingsOf(given: DnsOptions): Settings {
  return readOptions('dns option', given, (options) => ({
    hosts: options.value('hosts') === false ? false : options.text('hosts', '/etc/hosts', 'a file, or false'),
    resolvConf: options.text('resolvConf', '/etc/resolv.conf'),
    timeout: options.duration('timeout', 30_000) || 30_000,
    retry: options.duration('retry', 5000) || 5000,
    maxCached: options.whole('maxCached', 1, 0x7fff_ffff, 4096),
    maxWaiting: options.whole('maxWaiting', 1, 32_768, 4096),
  }));
}

/** Looks host names up (`skynet.dns`, book §11), made by {@link createDns}. */
export class Dns {
  readonly #kernel: ServiceKernel;
  readonly #settings: Settings;
  readonly #cache: DnsCache;
  /** Questions under way: who asks the same waits for the same answer. */
  readonly #asking = new Map<string, Promise<readonly string[]>>();
  #servers: DnsServer[] = [];
  /** Address of the first name server. */
  #first = '';
  #finding: Promise<void> | undefined = undefined;
  #hosts: Promise<Hosts> | undefined = undefined;

  /** Use {@link createDns}. */
  constructor(kernel: ServiceKernel, options: DnsOptions) {
    this.#kernel = kernel;
    this.#settings = settingsOf(options);
    this.#cache = new DnsCache(this.#settings.maxCached);
    kernel.own(() => this.#close());
  }

  /**
   * Sets the name server; without an address those of resolv.conf are used (book §11). `resolve` does the latter by itself.
   * @returns its address, of several the first.
   * @throws ERR_ADDRESS_INVALID for what is no ip, ERR_DNS_SERVER when resolv.conf names none.
   */
  async server(ip?: string, port: number = PORT): Promise<string> {
    if (ip === undefined) return this.#await(this.#findServers(port));
    const where = hostPort(ip, port, 'open');
    if (isIP(where.host) === 0) throw socketError('ERR_ADDRESS_INVALID', `Invalid address ${printable(ip)}.`);
    this.#use([where]);
    return where.host;
  }

  /**
   * The addresses of a name (book §11): a numeric one is its own, then the hosts file, what is known for its time to live,
   * and the name server. When that is silent, what it said last, however old.
   * @param ipv6 asks for IPv6 addresses, else IPv4.
   * @returns the first address, and all of them.
   * @throws ERR_DNS_NAME (`illegal name`), ERR_DNS_NO_ANSWER (`timeout or no answer`): there is none, or nobody answers, which
   * `details` tell apart; ERR_DNS_SERVER, ERR_DNS_BUSY.
   */
  async resolve(name: string, ipv6 = false): Promise<[address: string, all: readonly string[]]> {
    const literal = literalOf(name);
    if (literal !== undefined) return [literal, [literal]];
    const question: Question = { name: checkedName(name), type: ipv6 ? 'AAAA' : 'A' };
    const key = `${question.type} ${question.name}`;
    const known = this.#cache.get(key);
    if (known !== undefined) return [known[0] as string, known];
    let asking = this.#asking.get(key);
    if (asking === undefined) {
      if (this.#asking.size >= this.#settings.maxWaiting)
        throw socketError('ERR_DNS_BUSY', `${this.#asking.size} names are asked for already`);
      asking = this.#find(key, question).finally(() => this.#asking.delete(key));
      // Who waits hears of it; if nobody does any more, nobody needs to.
      asking.catch(() => {});
      this.#asking.set(key, asking);
    }
    const all = await this.#await(asking);
    return [all[0] as string, all];
  }

  /** Forgets what is known (book §11). */
  flush(): void {
    this.#cache.clear();
  }

  async #find(key: string, question: Question): Promise<readonly string[]> {
    const { hosts } = this.#settings;
    if (hosts !== false) {
      this.#hosts ??= textOf(hosts).then(parseHosts);
      const listed = (await this.#hosts).get(question.name)?.[question.type === 'A' ? 4 : 6] ?? [];
      if (listed.length > 0) return listed;
    }
    if (this.#servers.length === 0) await this.#findServers(PORT);
    const reply = await this.#ask(question);
    if (reply === undefined || reply.addresses.length === 0) {
      const stale = this.#cache.stale(key);
      if (stale !== undefined) return stale;
      throw noAnswer(question, reply);
    }
    this.#cache.set(key, reply.addresses, reply.ttl);
    return reply.addresses;
  }

  /** Asks until there is an answer; undefined when there is none in time, or the service has ended. */
  #ask(question: Question): Promise<Reply | undefined> {
    const { timeout, retry } = this.#settings;
    return new Promise((resolve) => {
      const forget: (() => void)[] = [];
      let failed: Reply | undefined;
      let attempt = 0;
      const finish = (reply: Reply | undefined): void => {
        clearInterval(again);
        clearTimeout(late);
        for (const each of forget) each();
        resolve(reply);
      };
      const answered = (reply: Reply): void => {
        // A server that cannot tell: perhaps another one can.
        if (reply.rcode === 'NOERROR' || reply.rcode === 'NXDOMAIN') finish(reply);
        else if (attempt >= this.#servers.length) finish(reply);
        else {
          failed = reply;
          send();
        }
      };
      const send = (): void => {
        // Those of now: `server` may have named others.
        const servers = this.#servers;
        const server = this.#kernel.alive ? servers[attempt++ % servers.length] : undefined;
        if (server === undefined) finish(undefined);
        else forget.push(server.ask(question, answered));
      };
      const again = setInterval(send, retry);
      const late = setTimeout(() => finish(failed), timeout);
      again.unref();
      late.unref();
      send();
    });
  }

  #findServers(port: number): Promise<string> {
    this.#finding ??= textOf(this.#settings.resolvConf)
      .then((text) => {
        const found = parseResolvConf(text).map((host) => ({ host, port }));
        if (found.length === 0)
          throw socketError(
            'ERR_DNS_SERVER',
            `no name server in ${printable(this.#settings.resolvConf)}; name one with dns.server(ip)`,
          );
        this.#use(found);
      })
      .finally(() => {
        this.#finding = undefined;
      });
    return this.#finding.then(() => this.#first);
  }

  #use(places: readonly HostPort[]): void {
    this.#close();
    this.#first = (places[0] as HostPort).host;
    const log = (text: string): void => this.#kernel.thread.log(this.#kernel.skynet.self(), text);
    this.#servers = places.map((where) => new DnsServer(this.#kernel, where, log));
  }

  #close(): void {
    for (const server of this.#servers) server.close();
    this.#servers = [];
  }

  /** Waits for a promise of the outside; the task goes on in its turn. */
  #await<Result>(promise: Promise<Result>): Promise<Result> {
    const suspension = this.#kernel.suspend<Result>();
    promise.then(suspension.resolve, suspension.reject);
    return suspension.promise;
  }
}

/** A name that is an address already. Digits and points alone are one for the system, in old ways of writing too. */
function literalOf(name: unknown): string | undefined {
  if (typeof name !== 'string' || name.length > MAX_NAME) return undefined;
  return isIP(name) !== 0 || /^\d[\d.]*$/.test(name) ? name.toLowerCase() : undefined;
}

/** The name in lower case. @throws ERR_DNS_NAME. */
function checkedName(name: unknown): string {
  if (typeof name === 'string' && name.length <= MAX_NAME + 1) {
    const lower = name.toLowerCase().replace(/\.$/, '');
    if (/^[\w.-]+$/.test(lower) && lower.length <= MAX_NAME) {
      const labels = lower.split('.');
      if (labels.every((label) => label.length > 0 && label.length <= MAX_LABEL)) return lower;
    }
  }
  throw socketError('ERR_DNS_NAME', 'illegal name', { details: { name: printable(name) } });
}

function noAnswer({ name, type }: Question, reply: Reply | undefined): SkynetError {
  return socketError('ERR_DNS_NO_ANSWER', 'timeout or no answer', {
    details: { name, type, reason: reply?.rcode ?? 'TIMEOUT' },
  });
}

/**
 * Host names for a service: `const dns = createDns(skynet);`, the original's `require "skynet.dns"`. What it knows belongs to
 * the service; `dnsService` knows it for the whole node.
 * @throws ERR_ARGUMENT.
 */
export function createDns(skynet: Skynet, options: DnsOptions = {}): Dns {
  return new Dns(kernelOf(skynet), options);
}
