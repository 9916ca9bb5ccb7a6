import { expect, test } from 'vitest';
import { runTranscript } from './run-transcript.ts';
import { parseTranscript } from './transcript.ts';

const play = (...lines: string[]) => runTranscript(parseTranscript(lines.join('\n'), 'some.transcript.txt'));

const RIGHT = ['$ skynet', '> test', '[:01000010] LAUNCH snlua test', '[:01000010] Server First Test'];

test('what the transcript says is what happens', async () => {
  await play(...RIGHT);
});

test('a wrong line fails, and the failure shows place, expectation, what came and all that was printed', async () => {
  const failure = await play(...RIGHT.slice(0, 3), '[:01000010] Server Second Test').catch(
    (error: Error) => error.message,
  );
  expect(failure).toContain(
    'some.transcript.txt:4\nwaited for: [:01000010] Server Second Test\nanother line came:\n',
  );
  expect(failure).toMatch(/another line came:\n {2}\[:\w{8}\] Server First Test\n/);
  expect(failure).toMatch(/--- skynet printed:\n.*LAUNCH logger[\s\S]*LAUNCH snlua test\n/);
});

test('a line of another service fails', async () => {
  await expect(play(...RIGHT.slice(0, 3), '[:01000012] Server First Test')).rejects.toThrow(
    'another line came',
  );
});

test('a line that the transcript does not have fails', async () => {
  await expect(play(...RIGHT.slice(0, 3))).rejects.toThrow(
    /printed more than the transcript has:\n.*Server First Test/,
  );
});

test('a line that never comes fails when the program has ended', async () => {
  await expect(play(...RIGHT, '^C', '[:01000010] Server Second Test')).rejects.toThrow(
    'skynet has ended (0)',
  );
});

test('services may interleave inside a block, but each keeps its own order', async () => {
  const block = [
    '@interleaved',
    '[:01000012] LAUNCH snlua test',
    '[:01000012] Server First Test',
    '[:01000010] LAUNCH snlua testnewservice',
    '[:01000010] My new service',
    '[:01000010] new test service',
    '@end',
  ];
  await play('$ skynet', '> testnewservice', ...block);
  const [first, , second, ...rest] = block;
  await expect(
    play('$ skynet', '> testnewservice', `${first}`, '[:01000012] Server First Test', `${second}`, ...rest),
  ).rejects.toThrow('another line came');
});

test('a client that does not exist fails and says so', async () => {
  await expect(play('@client1 $ nosuchclient', '@client1 < hello')).rejects.toThrow('client1');
});
