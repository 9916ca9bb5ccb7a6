import { readFile } from 'node:fs/promises';
import { isIP } from 'node:net';
import { canonical } from './dns-message.ts';

/** Addresses of names, by family. */
export type Hosts = ReadonlyMap<string, { readonly 4: string[]; readonly 6: string[] }>;

/** Reads a hosts file: an address, then its names. Names in lower case; what is no such line is passed over. */
export function parseHosts(text: string): Hosts {
  const hosts = new Map<string, { 4: string[]; 6: string[] }>();
  for (const line of text.split('\n')) {
    const [address = '', ...names] = line.replace(/#.*/, '').trim().split(/\s+/);
    const family = isIP(address);
    if (family === 0) continue;
    for (const name of names.map((each) => each.toLowerCase())) {
      const known = hosts.get(name) ?? { 4: [], 6: [] };
      const list = known[family as 4 | 6];
      if (!list.includes(canonical(address))) list.push(canonical(address));
      hosts.set(name, known);
    }
  }
  return hosts;
}

/** The name servers of a resolv.conf. */
export function parseResolvConf(text: string): string[] {
  return [...text.matchAll(/^[ \t]*nameserver[ \t]+(\S+)/gm)]
    .map(([, address]) => address as string)
    .filter((address) => isIP(address.split('%')[0] as string) !== 0);
}

/** Text of a file; empty when it cannot be read. */
export async function textOf(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch {
    return '';
  }
}
