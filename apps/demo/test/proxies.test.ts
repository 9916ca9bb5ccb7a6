// The proxies of docs/deployment.md, with the lines that stand there: what a node behind them knows of its clients.
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { connect as connectTls } from 'node:tls';
import { defineService } from '@skynet/core';
import { FrameReader, pack, toString as textOf } from '@skynet/core/netpack';
import { startTestNode } from '@skynet/core/testing';
import { tcp } from '@skynet/core/transport';
import { ws } from '@skynet/core/ws';
import { startGateserver } from '@skynet/gateserver';
import { expect, onTestFinished, test } from 'vitest';
import WebSocket from 'ws';
import { freePorts } from '../../../test/free-port.ts';
import { testProgram } from '../../../test/programs.ts';
import { listening, removeFolder, startServer, temporaryFolder } from '../../../test/server-process.ts';

const nginx = testProgram('nginx');
const haproxy = testProgram('haproxy');
const openssl = testProgram('openssl');
const DOCUMENT = readFileSync(path.resolve(import.meta.dirname, '../../../docs/deployment.md'), 'utf8');

/** The lines in a language that the document has, with other words for some of its own. */
function linesOf(language: string, words: Readonly<Record<string, string>>): string {
  let lines = new RegExp(`^\`\`\`${language}\\n([^]*?)^\`\`\``, 'm').exec(DOCUMENT)?.[1] ?? '';
  for (const [word, other] of Object.entries(words)) {
    expect(lines).toContain(word);
    lines = lines.replaceAll(word, other);
  }
  return lines;
}

/** A folder with a certificate that nobody has signed. */
function newFolder(): { folder: string; cert: string; key: string; both: string } {
  const folder = temporaryFolder('proxy');
  onTestFinished(() => removeFolder(folder));
  const [cert, key, both] = ['cert.pem', 'key.pem', 'both.pem'].map((name) => path.join(folder, name)) as [
    string,
    string,
    string,
  ];
  const subject = ['-subj', '/CN=game.example', '-days', '2', '-nodes'];
  const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1'];
  execFileSync(
    openssl.file as string,
    ['req', '-x509', ...newKey, ...subject, '-keyout', key, '-out', cert],
    {
      stdio: 'ignore',
    },
  );
  writeFileSync(both, readFileSync(cert, 'utf8') + readFileSync(key, 'utf8'));
  return { folder, cert, key, both };
}

/** A gate that tells each client the address it has of it. */
async function startGate(url: string, transport: ReturnType<typeof ws>): Promise<number> {
  const node = await startTestNode({ transports: [transport] }, { after: onTestFinished });
  const gate = await node.newService(
    defineService((skynet) => {
      const server = startGateserver(skynet, {
        open: (_source, config) => ({ port: config.port }),
        connect: (fd) => server.openClient(fd),
        message: (fd) => server.send(fd, server.addressOf(fd) ?? 'nobody'),
      });
    }),
  );
  const { port } = await node.run((skynet) =>
    skynet.call<{ port: number }>(gate, 'lua', 'open', { url, maxPerAddress: 1 }),
  );
  return port;
}

/** Cuts what comes into the texts of frames; resolves to the first. */
function firstFrame(on: (chunk: (bytes: Uint8Array) => void) => void): Promise<string> {
  const reader = new FrameReader();
  return new Promise((resolve) => {
    on((bytes) => reader.push(bytes, (buffer, start, end) => resolve(textOf(buffer.subarray(start, end)))));
  });
}

test.skipIf(haproxy.missing ?? openssl.missing)(
  `a gate behind HAProxy hears addresses and ports of clients ${haproxy.missing ?? ''}`,
  async () => {
    const { folder, both } = newFolder();
    const gate = await startGate(
      'tcp://127.0.0.1:0',
      tcp({ proxyProtocol: true, trustProxy: ['127.0.0.1'] }),
    );
    const [port = 0] = await freePorts(1);
    for (const [version, ...addresses] of [
      ['send-proxy-v2', '127.0.0.2', '127.0.0.3'],
      ['send-proxy', '127.0.0.4', '127.0.0.5'],
    ] as const) {
      const lines = linesOf('haproxy', {
        ':8443': `127.0.0.1:${port}`,
        '/etc/ssl/game.example.pem': both,
        '127.0.0.1:8888': `127.0.0.1:${gate}`,
        'send-proxy-v2': version,
      });
      const config = path.join(folder, 'haproxy.cfg');
      writeFileSync(config, lines);
      const server = startServer(haproxy.file as string, ['-db', '-f', config]);
      onTestFinished(() => server.kill());
      await listening(server, port);
      // The gate takes one of each address: the proxy's own would be one too often.
      for (const localAddress of addresses) {
        const options = { port, host: '127.0.0.1', localAddress, rejectUnauthorized: false };
        const socket = connectTls(options);
        onTestFinished(() => void socket.destroy());
        await once(socket, 'secureConnect');
        const heard = firstFrame((take) => socket.on('data', take));
        socket.write(pack('who am I?'));
        expect(await heard).toBe(`${localAddress}:${socket.localPort}`);
      }
      await server.kill();
    }
  },
);

test.skipIf(nginx.missing ?? openssl.missing)(
  `a gate behind nginx hears addresses of clients, whatever they say themselves ${nginx.missing ?? ''}`,
  async () => {
    const { folder, cert, key } = newFolder();
    const gate = await startGate('ws://127.0.0.1:0/game', ws({ forwarded: true, trustProxy: ['127.0.0.1'] }));
    const [port = 0] = await freePorts(1);
    const lines = linesOf('nginx', {
      'listen 443': `listen 127.0.0.1:${port}`,
      '/etc/ssl/game.example.pem': cert,
      '/etc/ssl/game.example.key': key,
      '127.0.0.1:8081': `127.0.0.1:${gate}`,
    });
    mkdirSync(path.join(folder, 'tmp'));
    const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
      .map((name) => `${name}_temp_path ${folder}/tmp/${name};`)
      .join(' ');
    const user = process.getuid?.() === 0 ? 'user root;' : '';
    const config = path.join(folder, 'nginx.conf');
    writeFileSync(
      config,
      `${user} daemon off; master_process off; pid ${folder}/pid; error_log stderr; events {} http { access_log off; ${temporary}\n${lines}}`,
    );
    const server = startServer(nginx.file as string, ['-p', folder, '-e', 'stderr', '-c', config]);
    onTestFinished(() => server.kill());
    await listening(server, port);
    for (const [localAddress, headers] of [
      ['127.0.0.2', {}],
      ['127.0.0.3', { 'X-Forwarded-For': '203.0.113.9' }],
    ] as const) {
      const socket = new WebSocket(`wss://127.0.0.1:${port}/game`, {
        localAddress,
        rejectUnauthorized: false,
        headers,
      });
      onTestFinished(() => socket.terminate());
      await once(socket, 'open');
      const heard = firstFrame((take) => socket.on('message', (data: Buffer) => take(data)));
      socket.send(pack('who am I?'));
      // nginx says no port.
      expect(await heard).toBe(`${localAddress}:0`);
    }
  },
);
