import type { ProtocolName } from '../protocol.ts';

declare const REASON: unique symbol;

/** In the place of a part that cannot be sent: nothing fits it, and an error of the compiler names it. */
export interface Unsendable<Part> {
  readonly [REASON]: Part;
}

type Leaf = undefined | null | boolean | number | bigint | string | Uint8Array;
type Code = ((...args: never[]) => unknown) | (abstract new (...args: never[]) => unknown);
/** Objects of the host's classes that look like plain ones, or nearly so. */
type OfClass = symbol | Date | Error | ReadonlySet<unknown> | PromiseLike<unknown> | ArrayBufferView | RegExp;

/**
 * A type as it may be sent: itself, and {@link Unsendable} in the place of every part that a message cannot hold: functions,
 * symbols, objects of a class such as Date and Set. What the compiler does not know, such as `unknown`, passes.
 */
export type Sendable<T> = unknown extends T
  ? T
  : T extends Leaf
    ? T
    : T extends ReadonlyMap<infer Key, infer Part>
      ? ReadonlyMap<Sendable<Key>, Sendable<Part>>
      : T extends Code | OfClass
        ? Unsendable<T>
        : T extends object
          ? { [Key in keyof T]: Sendable<T[Key]> }
          : T;

/** Message types that carry values; others are packed as their protocol likes. */
type OfValues = 'lua' | 'debug' | 'snax';

/** The values of a message of that type, as they may be sent. */
export type SendableBy<Type extends ProtocolName, Values> = {
  [Place in keyof Values]: [Type] extends [OfValues] ? Sendable<Values[Place]> : Values[Place];
};
