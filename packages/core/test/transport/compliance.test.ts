import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { transportCompliance } from '@skynet/core/testing';
import { createTransports, memory, type TcpOptions, tcp, tls } from '@skynet/core/transport';
import { describe, it } from 'vitest';
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
