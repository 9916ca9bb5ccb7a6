import type { SnaxInterface, SnaxTable } from './contract.ts';
import { snaxError } from './errors.ts';

/** Numbers of the system's methods, as in the original; those of a script follow. */
export const SYSTEM = { init: 1, exit: 2, hotfix: 3, profile: 4 } as const;

/** A method's place. */
export interface Slot {
  readonly group: 'accept' | 'response';
  readonly name: string;
}

/** Methods in the order of their numbers, from 5 on. */
export function slotsOf(table: SnaxTable, order: readonly string[] | undefined): Slot[] {
  const slots: Slot[] = [];
  for (const group of ['accept', 'response'] as const) {
    const methods: unknown = table[group] ?? {};
    if (typeof methods !== 'object' || methods === null) throw wrong(`${group} must be a table of functions`);
    for (const [name, method] of Object.entries(methods)) {
      if (typeof method !== 'function') throw wrong(`${group}.${name} must be function`);
      slots.push({ group, name });
    }
  }
  for (const name of ['init', 'exit'] as const)
    if (table[name] !== undefined && typeof table[name] !== 'function')
      throw wrong(`${name} must be function`);
  return order === undefined ? slots : ordered(slots, order);
}

function ordered(slots: readonly Slot[], order: readonly string[]): Slot[] {
  const listed = slotsIn(order);
  const has = (list: readonly Slot[], { group, name }: Slot): boolean =>
    list.some((other) => other.group === group && other.name === name);
  const stranger = listed.find((slot) => !has(slots, slot));
  if (stranger !== undefined) throw wrong(`order: there is no ${stranger.group}.${stranger.name}`);
  const left = slots.find((slot) => !has(listed, slot));
  if (left !== undefined) throw wrong(`order: ${left.group}.${left.name} is missing`);
  return listed;
}

/** The methods that a list of names means. */
export function slotsIn(order: readonly string[]): Slot[] {
  const slots = order.map((text): Slot => {
    const [, group, name] = /^(accept|response)\.(.+)$/s.exec(String(text)) ?? [];
    if (name === undefined) throw wrong(`order: ${String(text)} is neither accept.name nor response.name`);
    return { group: group as Slot['group'], name };
  });
  if (new Set(order).size !== order.length) {
    const twice = order.find((text, i) => order.indexOf(text) !== i);
    throw wrong(`order: ${String(twice)} duplicate definition`);
  }
  return slots;
}

/** Numbers by names. */
export function interfaceOf(slots: readonly Slot[]): SnaxInterface {
  const groups: Record<Slot['group'], Record<string, number>> = {
    accept: Object.create(null) as Record<string, number>,
    response: Object.create(null) as Record<string, number>,
  };
  slots.forEach(({ group, name }, i) => {
    groups[group][name] = i + FIRST_METHOD;
  });
  return { ...groups, system: { ...SYSTEM } };
}

/** Number of a script's first method. */
export const FIRST_METHOD = 5;

function wrong(text: string): Error {
  return snaxError('ERR_SNAX_DEFINITION', text);
}
