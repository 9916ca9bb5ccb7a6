import {
  anything,
  definePlayer,
  defineRoom,
  either,
  flag,
  list,
  type OutputOf,
  oneOf,
  optional,
  push,
  request,
  type Seat,
  shape,
  table,
  text,
  whole,
} from '@skynet/player';
import type { KickReason, PlayerClient, PlayerError } from '@skynet/player/client';
import { expect, expectTypeOf, test } from 'vitest';
import { z } from './fixtures/standard-schema.ts';

const pushes = { said: push<{ from: string }>(), nothing: push(), level: shape({ now: whole() }) };

const room = defineRoom({ pushes }, (_skynet, room) => ({
  join(member, input: { team: 'red' | 'blue' }) {
    expectTypeOf(member.uid).toEqualTypeOf<string>();
    room.broadcast('said', { from: input.team });
    // @ts-expect-error: no such push
    expect(() => room.broadcast('siad', {})).toThrow();
    return { size: 1 };
  },
  leave(_member, reason) {
    expectTypeOf(reason).toEqualTypeOf<'left' | 'away' | 'ended' | 'removed' | 'closed'>();
  },
  commands: {
    move: (_member, x: number, y: number) => x + y,
    later: async (_member) => 'text',
  },
}));

const player = definePlayer({ pushes, errors: ['NO_GOLD', 'TOO_LATE'] }, (_skynet, player) => ({
  whoami: request(() => player.uid),
  buy: request(shape({ item: text(), count: optional(whole()) }), ({ item, count }) => {
    expectTypeOf(item).toEqualTypeOf<string>();
    expectTypeOf(count).toEqualTypeOf<number | undefined>();
    player.push('said', { from: 'x' });
    player.push('nothing');
    player.push('level', { now: 1 });
    // @ts-expect-error: another value
    void (() => player.push('said', { from: 1 }));
    // @ts-expect-error: no such push
    void (() => player.push('siad', {}));
    // @ts-expect-error: a value is missing
    void (() => player.push('said'));
    // @ts-expect-error: no such code
    void (() => player.refuse('NO_GLOD'));
    return { gold: 5 };
  }),
  later: request(list(oneOf('a', 'b')), async (letters) => {
    expectTypeOf(letters).toEqualTypeOf<('a' | 'b')[]>();
    return letters.length;
  }),
  parsed: request(z.numberFromText(), (value) => {
    expectTypeOf(value).toEqualTypeOf<number>();
    return value;
  }),
  nothing: request(() => {}),
}));

test('a client has the requests, pushes and codes of its player', () => {
  type Client = PlayerClient<typeof player>;
  type Module = PlayerClient<{ readonly default: typeof player }>;
  expectTypeOf<Client['request']['whoami']>().returns.resolves.toEqualTypeOf<string>();
  expectTypeOf<Client['request']['buy']>().parameter(0).toEqualTypeOf<{ item: string; count?: number }>();
  expectTypeOf<Client['request']['buy']>().returns.resolves.toEqualTypeOf<{ gold: number }>();
  expectTypeOf<Client['request']['later']>().returns.resolves.toEqualTypeOf<number>();
  // What a schema takes is what the client gives, what it makes is what the handler gets.
  expectTypeOf<Client['request']['parsed']>().parameter(0).toEqualTypeOf<string>();
  expectTypeOf<Client['request']['nothing']>().returns.resolves.toEqualTypeOf<void>();
  expectTypeOf<Module['request']['buy']>().toEqualTypeOf<Client['request']['buy']>();
  void ((client: Client) => {
    client.on('said', ({ from }) => expectTypeOf(from).toEqualTypeOf<string>());
    client.on('level', ({ now }) => expectTypeOf(now).toEqualTypeOf<number>());
    client.on('kicked', ({ reason }) => expectTypeOf(reason).toEqualTypeOf<KickReason>());
    client.on('resumed', ({ fresh }) => expectTypeOf(fresh).toEqualTypeOf<boolean>());
    // @ts-expect-error: no such push
    client.on('siad', () => {});
    // @ts-expect-error: no such request
    void client.request.bye();
    // @ts-expect-error: the input is missing
    void client.request.buy();
    // @ts-expect-error: another input
    void client.request.buy({ item: 1 });
    // @ts-expect-error: no such part
    void client.request.buy({ item: 'x', price: 1 });
    // @ts-expect-error: no such code
    client.refused(new Error(), 'NO_GLOD');
    const error: unknown = undefined;
    if (client.refused(error, 'NO_GOLD')) expectTypeOf(error).toEqualTypeOf<PlayerError<'NO_GOLD'>>();
  });
});

test('a seat has the commands of its room', () => {
  type Mine = Seat<typeof room>;
  expectTypeOf<Mine['info']>().toEqualTypeOf<{ size: number }>();
  expectTypeOf<Mine['call']['move']>().parameters.toEqualTypeOf<[x: number, y: number]>();
  expectTypeOf<Mine['call']['move']>().returns.resolves.toEqualTypeOf<number>();
  expectTypeOf<Mine['call']['later']>().returns.resolves.toEqualTypeOf<string>();
  expectTypeOf<Mine['send']['move']>().returns.toEqualTypeOf<void>();
  void definePlayer({ pushes }, (_skynet, player) => ({
    join: request(async () => {
      await player.join<typeof room>('room', 'lobby', { team: 'red' });
      // @ts-expect-error: another input
      await player.join<typeof room>('room', 'lobby', { team: 'green' });
      // @ts-expect-error: the input is missing
      await player.join<typeof room>('room', 'lobby');
      await player.join('room', 'lobby');
    }),
  }));
});

test('checkers let their type through', () => {
  const all = shape({
    a: either(text(), whole()),
    b: table(flag()),
    c: optional(anything<Date>()),
    d: oneOf(1, 'x', null),
  });
  expectTypeOf<OutputOf<typeof all>>().toEqualTypeOf<{
    a: string | number;
    b: { [key: string]: boolean };
    c?: Date;
    d: 1 | 'x' | null;
  }>();
});

test('names of events are no pushes', () => {
  // @ts-expect-error: the client has an event of that name
  expect(() => definePlayer({ pushes: { kicked: push() } }, () => ({}))).toThrow(/kicked/);
});
