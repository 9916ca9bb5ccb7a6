// A registry for packages of this repository, for tests and for trying a release: archives from a folder, and what is
// published to it. For other packages it sends the asker on to the registry that npm is configured with.
import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import path from 'node:path';
import { gunzipSync } from 'node:zlib';

/** The package.json within an archive of npm's. */
export function manifestOf(archive) {
  const tar = gunzipSync(archive);
  for (let at = 0; at + 512 <= tar.length; ) {
    const name = tar.toString('utf8', at, at + 100).replace(/\0.*$/s, '');
    const size = Number.parseInt(tar.toString('latin1', at + 124, at + 136), 8) || 0;
    if (name === 'package/package.json') return JSON.parse(tar.toString('utf8', at + 512, at + 512 + size));
    at += 512 + Math.ceil(size / 512) * 512;
  }
  throw new Error('no archive of a package');
}

/**
 * Starts a registry on a free port of this machine.
 * @param {{ folder: string, upstream: string }} options folder of the archives; the registry of all
 * other packages.
 */
export async function startRegistry({ folder, upstream }) {
  const others = upstream.endsWith('/') ? upstream : `${upstream}/`;
  mkdirSync(folder, { recursive: true });
  /** By name, then by version. */
  const packages = new Map();
  const add = (archive) => {
    const manifest = manifestOf(archive);
    const file = `${manifest.name.replace('@', '').replace('/', '-')}-${manifest.version}.tgz`;
    writeFileSync(path.join(folder, file), archive);
    if (!packages.has(manifest.name)) packages.set(manifest.name, new Map());
    packages.get(manifest.name).set(manifest.version, { manifest, archive, file });
  };
  for (const file of readdirSync(folder).filter((name) => name.endsWith('.tgz')))
    add(readFileSync(path.join(folder, file)));

  const describe = (name) => {
    const versions = [...packages.get(name).values()];
    const dist = ({ file, archive }) => ({
      tarball: `${url}/-/${file}`,
      integrity: `sha512-${createHash('sha512').update(archive).digest('base64')}`,
      shasum: createHash('sha1').update(archive).digest('hex'),
    });
    return {
      name,
      'dist-tags': { latest: versions.at(-1).manifest.version },
      versions: Object.fromEntries(
        versions.map((each) => [each.manifest.version, { ...each.manifest, dist: dist(each) }]),
      ),
    };
  };

  const publish = async (request, name) => {
    const chunks = [];
    for await (const chunk of request) chunks.push(chunk);
    const body = JSON.parse(Buffer.concat(chunks).toString('utf8'));
    const [version] = Object.keys(body.versions);
    if (packages.get(name)?.has(version)) return [403, { error: `${name}@${version} is there already` }];
    for (const { data } of Object.values(body._attachments)) add(Buffer.from(data, 'base64'));
    return [201, { ok: true }];
  };

  const server = createServer(async (request, response) => {
    // Askers stand still for long in between, and would take the connection for open.
    response.setHeader('connection', 'close');
    const name = decodeURIComponent(new URL(request.url, 'http://registry').pathname.slice(1));
    const json = (status, value) => {
      response.writeHead(status, { 'content-type': 'application/json' });
      response.end(JSON.stringify(value));
    };
    if (name.startsWith('-/') && name.endsWith('.tgz')) {
      const all = [...packages.values()].flatMap((versions) => [...versions.values()]);
      const found = all.find(({ file }) => file === name.slice(2));
      response.writeHead(found ? 200 : 404).end(found?.archive);
    } else if (request.method === 'PUT') json(...(await publish(request, name)));
    else if (packages.has(name)) json(200, describe(name));
    else if (isOurs(name)) json(404, { error: `no package ${name}` });
    else response.writeHead(302, { location: new URL(request.url.slice(1), others).href }).end();
  });
  await new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  const url = `http://127.0.0.1:${server.address().port}`;
  return {
    url,
    /** Names and versions that it has: `name@version`. */
    list: () =>
      [...packages].flatMap(([name, versions]) => [...versions.keys()].map((each) => `${name}@${each}`)),
    close: () => {
      server.close();
      server.closeAllConnections();
    },
  };
}

function isOurs(name) {
  return name.startsWith('@skynet/') || name === 'create-skynet';
}
