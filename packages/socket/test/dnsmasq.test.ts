import { Resolver } from 'node:dns/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { testProgram } from '../../../test/programs.ts';
import { listening, type ServerProcess, startOnFreePort, startServer } from '../../../test/server-process.ts';
import { createDns, type Dns } from '../src/index.ts';
import { livingService, testNode } from './setup.ts';

const { file, missing } = testProgram('dnsmasq');
const many = Array.from({ length: 120 }, (_, i) => `10.1.0.${i + 1}`);

describe.skipIf(file === undefined)(
  `dnsmasq${missing === undefined ? '' : ` (left out: ${missing})`}`,
  () => {
    let server: ServerProcess;
    let port: number;

    async function start(port: number): Promise<ServerProcess> {
      const user = process.getuid?.() === 0 ? ['--user=root'] : [];
      const started = startServer(file as string, [
        ...[
          '--no-daemon',
          '--conf-file=/dev/null',
          '--pid-file',
          '--no-resolv',
          '--no-hosts',
          '--local-ttl=60',
        ],
        ...[`--port=${port}`, '--listen-address=127.0.0.1', '--bind-interfaces', '--local=/lab/', ...user],
        ...[
          '--host-record=one.lab,10.0.0.1',
          '--host-record=six.lab,2001:db8::5',
          '--cname=alias.lab,one.lab',
        ],
        ...['--host-record=brief.lab,10.0.0.7,0', '--txt-record=text.lab,hello'],
        ...many.map((address) => `--host-record=many.lab,${address}`),
      ]);
      await listening(started, port);
      return started;
    }

    beforeAll(async () => {
      ({ server, port } = await startOnFreePort(start));
    });
    afterAll(() => server?.kill());

    async function dnsFor(options = {}): Promise<Dns> {
      const dns = createDns(await livingService(await testNode({ watchdog: false })), {
        hosts: false,
        ...options,
      });
      await dns.server('127.0.0.1', port);
      return dns;
    }

    test('addresses of both families, aliases, names in any case', async () => {
      const dns = await dnsFor();
      expect(await dns.resolve('one.lab')).toEqual(['10.0.0.1', ['10.0.0.1']]);
      expect(await dns.resolve('ONE.Lab.')).toEqual(['10.0.0.1', ['10.0.0.1']]);
      expect(await dns.resolve('six.lab', true)).toEqual(['2001:db8::5', ['2001:db8::5']]);
      expect(await dns.resolve('alias.lab')).toEqual(['10.0.0.1', ['10.0.0.1']]);
    });

    test('more addresses than fit a packet: as many as another resolver finds', async () => {
      const [first, all] = await (await dnsFor()).resolve('many.lab');
      const other = new Resolver();
      other.setServers([`127.0.0.1:${port}`]);
      expect([...all].sort()).toEqual((await other.resolve4('many.lab')).sort());
      expect([...all].sort()).toEqual([...many].sort());
      expect(all).toContain(first);
    });

    test.each([
      ['nobody.lab', false, 'NXDOMAIN'],
      ['one.lab', true, 'NOERROR'],
      ['text.lab', false, 'NOERROR'],
      ['elsewhere.example', false, 'REFUSED'],
    ])('%s (IPv6: %s) has no address: %s', async (name, ipv6, reason) => {
      await expect((await dnsFor()).resolve(name, ipv6)).rejects.toMatchObject({
        code: 'ERR_DNS_NO_ANSWER',
        details: { reason },
      });
    });

    test('what was found serves while the server is away, and the server when it is back', async () => {
      const dns = await dnsFor({ timeout: '3s', retry: '100ms' });
      await dns.resolve('one.lab');
      await dns.resolve('brief.lab');
      await server.kill();
      try {
        expect(await dns.resolve('one.lab')).toEqual(['10.0.0.1', ['10.0.0.1']]);
        // It holds for no time, and is better than nothing.
        const [brief, six] = await Promise.allSettled([
          dns.resolve('brief.lab'),
          dns.resolve('six.lab', true),
        ]);
        expect(brief).toMatchObject({ value: ['10.0.0.7', ['10.0.0.7']] });
        expect(six).toMatchObject({ reason: { code: 'ERR_DNS_NO_ANSWER' } });
      } finally {
        server = await start(port);
      }
      const again = await dnsFor();
      expect(await again.resolve('six.lab', true)).toEqual(['2001:db8::5', ['2001:db8::5']]);
    });
  },
);
