import { afterEach, expect, test, vi } from 'vitest';

afterEach(() => {
  vi.unstubAllEnvs();
  vi.resetModules();
});

async function gatePort(text: string): Promise<unknown> {
  vi.stubEnv('SKYNET_GATE_PORT', text);
  vi.resetModules();
  const { default: config } = await import('../skynet.config.ts');
  return config.gatePort;
}

test.each([
  ['', 8888],
  [' ', 8888],
  ['0', 0],
  ['65535', 65535],
])('SKYNET_GATE_PORT=%j is port %d', async (text, port) => {
  expect(await gatePort(text)).toBe(port);
});

test.each(['-1', '65536', '1e3', 'http', '88.5'])(
  'SKYNET_GATE_PORT=%j is refused by its name',
  async (text) => {
    await expect(gatePort(text)).rejects.toThrow(
      `SKYNET_GATE_PORT must be a port (0 to 65535), not ${JSON.stringify(text)}`,
    );
  },
);
