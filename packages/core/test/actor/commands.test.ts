import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  CommandNames,
  commandsOf,
  heldCommand,
  heldCommands,
  holdCommands,
} from '../../src/actor/commands.ts';

const noCommands = () => ({
  commandNames: undefined,
  command0: undefined,
  command1: undefined,
  command2: undefined,
  command3: undefined,
  moreCommands: undefined,
});

/** Names that objects have anyhow are among them. */
const names = fc.uniqueArray(
  fc.oneof(
    fc.constantFrom('toString', 'constructor', 'hasOwnProperty', 'then', '0', '7', ''),
    fc.string({ maxLength: 3 }).filter((name) => name !== '__proto__'),
  ),
  { maxLength: 12 },
);

describe('commands of a table', () => {
  test('are its own functions and nothing else, whoever has them', () => {
    fc.assert(
      fc.property(names, fc.func(fc.integer()), fc.array(fc.nat(11)), (all, value, others) => {
        const table: Record<string, unknown> = {};
        all.forEach((name, i) => {
          table[name] = others.includes(i) ? i : () => value(i);
        });
        const expected = new Map(Object.entries(table).filter(([, entry]) => typeof entry === 'function'));
        const commands = commandsOf(table as never);
        const holder = noCommands();
        holdCommands(holder, commands);
        for (const name of [...all, 'toString', '__proto__', 'absent', 0, 7, undefined, {}]) {
          expect(commands.get(name)).toBe(expected.get(name as string));
          expect(heldCommand(holder, name)).toBe(expected.get(name as string));
        }
        const held = heldCommands(holder);
        expect(held?.names).toBe(commands.names);
        expect(held?.functions).toEqual(commands.functions);
      }),
    );
  });

  test('names in the same order are one list, in another order another', () => {
    const namesOf = (...list: string[]): CommandNames =>
      commandsOf(Object.fromEntries(list.map((name) => [name, () => name]))).names;
    expect(namesOf('get', 'set')).toBe(namesOf('get', 'set'));
    expect(namesOf('set', 'get')).not.toBe(namesOf('get', 'set'));
    expect(namesOf('get')).not.toBe(namesOf('get', 'set'));
    expect(namesOf()).toBe(CommandNames.NONE);
  });

  test('what was there before is gone', () => {
    const holder = noCommands();
    holdCommands(holder, commandsOf({ a: () => 1, b: () => 2, c: () => 3, d: () => 4, e: () => 5 }));
    holdCommands(holder, commandsOf({ b: () => 6 }));
    expect(['a', 'b', 'c', 'd', 'e'].map((name) => heldCommand(holder, name)?.())).toEqual([
      undefined,
      6,
      undefined,
      undefined,
      undefined,
    ]);
    holdCommands(holder, undefined);
    expect(heldCommand(holder, 'b')).toBeUndefined();
    expect(heldCommands(holder)).toBeUndefined();
  });

  test('tables whose names are made up each time are not kept', () => {
    const made = Array.from({ length: 5000 }, (_, i) => commandsOf({ [`made up ${i}`]: () => i }));
    const answers = made.map((commands, i) => [
      commands.get(`made up ${i}`)?.(),
      commands.get(`made up ${i + 1}`)?.(),
    ]);
    expect(answers).toEqual(made.map((_, i) => [i, undefined]));
    const again = commandsOf({ 'made up 4999': () => 'again' });
    expect(again.names).not.toBe(made[4999]?.names);
    expect(again.get('made up 4999')?.()).toBe('again');
  });
});
