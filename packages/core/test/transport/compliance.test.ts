import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { transportCompliance } from '@skynet/core/testing';
import { createTransports, memory, type TcpOptions, tcp, tls } from '@skynet/core/transport';
import { describe, it } from 'vitest';
import { behindProxy } from './behind-proxy.ts';
import { certificate, greeting } from './certificate.ts';

const runner = { describe, it };

transportCompliance(
  'memory',
  () => ({ transports: createTransports([memory()]), address: 'memory://hall' }),
  runner,
);

for (const [name, options] of Object.entries<TcpOptions>({
  'native handles': {},
  'net.Socket': { native: false },
})) {
  transportCompliance(
    `tcp over ${name}`,
    () => ({ transports: createTransports([tcp(options)]), address: '127.0.0.1:0' }),
    runner,
  );

  for (const version of [1, 2] as const) {
    transportCompliance(
      `tcp over ${name}, behind a proxy of version ${version}`,
      () => ({
        transports: createTransports([
          behindProxy(tcp({ ...options, trustProxy: true, proxyProtocol: true }), version),
        ]),
        address: '127.0.0.1:0',
        proxied: true,
        handshake: Buffer.from(`PROXY UNKNOWN ${'x'.repeat(70)}`),
      }),
      runner,
    );
  }

  transportCompliance(
    `unix over ${name}`,
    () => {
      const folder = mkdtempSync(path.join(tmpdir(), 'skynet-'));
      return {
        transports: createTransports([tcp(options)]),
        address: `unix://${path.join(folder, 'socket')}`,
        dispose: () => rmSync(folder, { recursive: true }),
      };
    },
    runner,
  );
}

transportCompliance(
  'tls',
  () => ({
    transports: createTransports([tls({ server: certificate, client: { ca: certificate.cert } })]),
    address: 'tls://127.0.0.1:0',
    handshake: greeting,
  }),
  runner,
);
