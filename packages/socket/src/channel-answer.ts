import type { Answer } from '@skynet/core/channel';

/** What a response function of a session channel returns: the session, then the answer. Without a session the connection is given up. */
export type SessionAnswer<Session = unknown, Value = unknown> =
  | readonly [session: Session, ok: true, value?: Value, more?: boolean | undefined]
  | readonly [session: Session, ok: false, error?: unknown]
  | readonly [session: undefined];

/** What a request resolves to: the value; with answers in parts the list of them. */
export type AnswerValue<Given> = Given extends readonly [true, infer Value, infer More]
  ? [More] extends [false | undefined]
    ? Value
    : Value | Value[]
  : Given extends readonly [true, infer Value]
    ? Value
    : Given extends readonly [true]
      ? undefined
      : never;

/** @throws TypeError when a response function has returned something else. */
export function checkedAnswer(given: unknown): Answer {
  if (Array.isArray(given) && typeof given[0] === 'boolean') return given as unknown as Answer;
  throw new TypeError('a response function returns [true, value] or [false, error]');
}
