import { describe, expect, test } from 'vitest';
import { enter, heard, startServer } from './harness.ts';

describe('requests', () => {
  test('are answered with what the handler returns', async () => {
    const server = await startServer();
    const anna = await enter(server, 'anna');
    expect(await anna.request.whoami()).toBe('anna');
    expect(await anna.request.buy({ item: 'sword' })).toEqual({ item: 'sword', gold: 9 });
    expect(await anna.request.slow('later')).toBe('LATER');
    expect(await anna.request.pushMe('hi')).toBe(undefined);
    expect(await heard(anna, 'said')).toEqual(['said', { from: 'anna', text: 'hi' }]);
    await heard(anna, 'nothing');
  });

  test('a room is joined, broadcasts, and told to', async () => {
    const server = await startServer();
    const anna = await enter(server, 'anna');
    const bert = await enter(server, 'bert');
    expect(await anna.request.join('lobby')).toEqual({ members: 1, team: 'red' });
    expect(await bert.request.join('lobby')).toEqual({ members: 2, team: 'red' });
    await bert.request.say('hello');
    await heard(
      anna,
      'said',
      ({ from, text }: { from: string; text: string }) => from === 'bert' && text === 'hello',
    );
    expect(await anna.request.who()).toEqual(['anna red', 'bert red']);
  });
});
