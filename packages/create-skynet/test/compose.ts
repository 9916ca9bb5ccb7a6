// What a compose file says, as far as tests hold it to the programs that it names.
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { parse } from 'yaml';

/** A service of a compose file. */
export interface ComposeService {
  readonly image?: string;
  readonly build?: string;
  readonly command?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  readonly ports?: readonly string[];
  readonly volumes?: readonly string[];
  readonly depends_on?: Readonly<Record<string, { readonly condition: string }>>;
  readonly healthcheck?: { readonly test: readonly string[] };
  readonly stop_grace_period?: string;
}

export interface ComposeFile {
  readonly services: Readonly<Record<string, ComposeService>>;
  readonly volumes?: Readonly<Record<string, unknown>>;
}

/** The compose file of a project. */
export function readCompose(folder: string): ComposeFile {
  return parse(readFileSync(path.join(folder, 'compose.yaml'), 'utf8'), { strict: true }) as ComposeFile;
}

/** What its Dockerfile sets in the environment, exposes and starts. */
export function readDockerfile(folder: string): {
  readonly environment: Readonly<Record<string, string>>;
  readonly exposed: readonly string[];
  readonly command: readonly string[];
} {
  const text = readFileSync(path.join(folder, 'Dockerfile'), 'utf8');
  const last = text.slice(text.lastIndexOf('\nFROM '));
  const words = (instruction: string): string[] =>
    [...last.matchAll(new RegExp(`^${instruction} (.*)$`, 'gm'))].flatMap(([, rest = '']) => rest.split(' '));
  return {
    environment: Object.fromEntries(words('ENV').map((each) => each.split('=') as [string, string])),
    exposed: words('EXPOSE'),
    command: JSON.parse(/^CMD (.*)$/m.exec(last)?.[1] ?? '[]') as string[],
  };
}

/** Variables of the environment that the settings of a project read. */
export function settingsOf(folder: string): Set<string> {
  const text = readFileSync(path.join(folder, 'skynet.config.ts'), 'utf8');
  return new Set(
    [...text.matchAll(/process\.env\.(\w+)|port\('(\w+)'/g)].map(([, one, two]) => one ?? two ?? ''),
  );
}
