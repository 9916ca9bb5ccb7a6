import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { isSkynetError, loadConfig, resolveConfig, type SkynetConfig, startNode } from '@skynet/core';
import { NONSENSE } from '@skynet/core/testing';
import fc from 'fast-check';
import { describe, expect, onTestFinished, test } from 'vitest';
import { runs } from '../../../../test/runs.ts';

const circle: Record<string, unknown> = {};
circle['self'] = circle;
const VALUES: Readonly<Record<string, unknown>> = {
  ...NONSENSE,
  'what contains itself': circle,
  'a list that does': [circle],
  'a list of lists': [['a']],
  'a list of nothing': [undefined, null],
  'what throws when it is shown': {
    toJSON() {
      throw new Error('not to be shown');
    },
  },
  'what throws when it is looked at': new Proxy(
    {},
    {
      get() {
        throw new Error('not to be looked at');
      },
    },
  ),
  'a bigint in a list': [1n],
  'text with a null byte': 'a\0?',
  'an end of line': 'a\nb',
};

/** Keys of the node, with values that each of them takes. */
const KEYS: Readonly<Record<string, readonly unknown[]>> = {
  thread: [1, 64],
  threadHeap: [32],
  harbor: [0, 255],
  address: ['127.0.0.1:2013'],
  master: ['127.0.0.1:2013'],
  standalone: ['0.0.0.0:2013'],
  start: ['main'],
  startArgs: [[], ['a']],
  services: [['./a/?']],
  preload: ['./p'],
  logger: ['a.log'],
  logService: ['log'],
  logPath: ['.'],
  daemon: ['a.pid'],
  profile: [true],
  callTimeout: [0, '5s'],
  shutdownTimeout: ['1s'],
  timeScale: [1, 0.001],
  transports: [[]],
  endlessAfter: ['5s'],
  watchdog: [false],
  consoleToken: ['sesame'],
};

/** The error of a configuration; undefined when it is taken. */
function refusal(config: unknown): Error | undefined {
  try {
    resolveConfig(config as SkynetConfig, '/tmp', 'here');
    return undefined;
  } catch (error) {
    return error as Error;
  }
}

/** Whether a text is one line that no terminal obeys. */
function isPlainLine(text: string): boolean {
  return !/\p{Cc}/u.test(text);
}

describe('nonsense in a configuration', () => {
  test.each(Object.keys(KEYS))('%s is taken, or refused by its name', (key) => {
    for (const value of KEYS[key] ?? []) expect(refusal({ [key]: value })).toBeUndefined();
    const refused = Object.entries(VALUES).filter(([what, value]) => {
      const error = refusal({ [key]: value });
      if (error === undefined) return false;
      expect([what, error]).toEqual([
        what,
        expect.objectContaining({ code: 'ERR_CONFIG', details: { key } }),
      ]);
      expect([what, error.message]).toEqual([what, expect.stringMatching(`^here: ${key} must be .*, not `)]);
      expect(isPlainLine(error.message)).toBe(true);
      expect(error.message.length).toBeLessThan(400);
      return true;
    });
    expect(refused.length).toBeGreaterThan(12);
  });

  test('any key, any value: an error of ours that names the key, or a configuration', () => {
    const key = fc.oneof(
      fc.constantFrom(...Object.keys(KEYS)),
      fc.string({ unit: 'binary', maxLength: 12 }),
      fc.constantFrom('__proto__', 'constructor', 'toString', '', ' ', 'a b'),
    );
    const value = fc.oneof(
      fc.constantFrom(...Object.values(VALUES)),
      fc.anything({ withBigInt: true, withDate: true, withMap: true, withNullPrototype: true }),
    );
    fc.assert(
      fc.property(fc.dictionary(key, value, { maxKeys: 4 }), (config) => {
        const error = refusal(config);
        if (error === undefined) return;
        expect(error).toMatchObject({ code: 'ERR_CONFIG' });
        expect(Object.keys(config)).toContain((error as unknown as { details: { key: string } }).details.key);
        expect(isPlainLine(error.message)).toBe(true);
      }),
      { numRuns: runs(500) },
    );
  });

  test.each(Object.entries(VALUES))('in the place of all of it: %s', (_what, value) => {
    const error = refusal(value);
    if (error !== undefined) expect(isSkynetError(error, 'ERR_CONFIG')).toBe(true);
  });

  test.each(Object.entries(VALUES))('in the place of the file: %s', async (_what, value) => {
    const error: unknown = await loadConfig(value as string).then(
      () => undefined,
      (thrown: unknown) => thrown,
    );
    expect(isSkynetError(error, 'ERR_CONFIG')).toBe(true);
  });

  test('in the file', async () => {
    const folder = mkdtempSync(path.join(tmpdir(), 'skynet-config-'));
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
    let number = 0;
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom('.json', '.mjs', '.config', ''),
        fc.oneof(fc.string({ unit: 'binary' }), fc.json()),
        async (ending, text) => {
          const file = path.join(folder, `${number++}${ending}`);
          writeFileSync(file, ending === '.mjs' ? `export default ${JSON.stringify(text)}` : text);
          const error: unknown = await loadConfig(file).then(
            () => undefined,
            (thrown: unknown) => thrown,
          );
          if (error !== undefined) expect(error).toMatchObject({ code: 'ERR_CONFIG' });
        },
      ),
      { numRuns: runs(100) },
    );
  });

  test('secrets are not shown, whatever is wrong with them', () => {
    expect(refusal({ consoleToken: 12345 })?.message).toBe(
      'here: consoleToken must be text that is not empty, not such a number',
    );
    expect(refusal({ dbPassword: { text: 'sesame' } })?.message).not.toContain('sesame');
  });

  test('what looks misspelt stands in the log of a node', async () => {
    const log: string[] = [];
    const config = { thraed: 2, watchdog: false };
    const node = await startNode(config, { onLog: (_source, text) => log.push(text) });
    onTestFinished(() => node.stop());
    expect(log).toContain("configuration: thraed is no key of the node's, perhaps thread is meant");
  });
});
