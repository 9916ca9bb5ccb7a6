import { type Checker, SchemaFailure } from './checker.ts';
import type { PlayerRequest } from './contract.ts';
import { playerError } from './errors.ts';
import { type InputOf, type OutputOf, placeOf, type Schema, type SchemaIssue } from './schema.ts';

/** A request as the player's service works on it. */
export interface DeclaredRequest extends PlayerRequest {
  /** Undefined: the request takes nothing. */
  readonly schema: Schema | undefined;
  readonly handler: (input: unknown) => unknown;
}

/** Declares a request that takes nothing; what `handler` returns, or resolves to, is the answer. */
export function request<Output>(handler: () => Output): PlayerRequest<undefined, Awaited<Output>>;
/**
 * Declares a request whose input is checked by a schema: a checker of this package (`text({ max: 20 })`), or any schema
 * by the Standard Schema interface, zod's, valibot's and arktype's among them. What does not fit is refused with
 * ERR_PLAYER_INPUT, the handler is not called.
 */
export function request<Of extends Schema, Output>(
  schema: Of,
  handler: (input: OutputOf<Of>) => Output,
): PlayerRequest<InputOf<Of>, Awaited<Output>>;
/** @throws ERR_ARGUMENT. */
export function request(...given: readonly unknown[]): PlayerRequest {
  const handler = given.at(-1);
  const schema = given.length > 1 ? given[0] : undefined;
  if (typeof handler !== 'function' || given.length > 2)
    throw playerError('ERR_ARGUMENT', 'a request has a schema, if any, and a handler');
  if (given.length > 1 && !isSchema(schema))
    throw playerError(
      'ERR_ARGUMENT',
      'the input of a request is checked by a schema: text(), or one of zod, valibot …',
    );
  const declared: DeclaredRequest = {
    kind: 'skynet.request',
    schema: schema as Schema | undefined,
    handler: handler as DeclaredRequest['handler'],
  };
  return declared;
}

function isSchema(value: unknown): value is Schema {
  const standard = (value as Schema | undefined)?.['~standard'];
  return standard?.version === 1 && typeof standard.validate === 'function';
}

/** Whether a value was made by {@link request}. */
export function isRequest(value: unknown): value is DeclaredRequest {
  return typeof value === 'object' && value !== null && (value as DeclaredRequest).kind === 'skynet.request';
}

/** What it takes, in words. */
export function describeInput({ schema }: DeclaredRequest): string {
  if (schema === undefined) return 'nothing';
  return (
    (schema as Partial<Checker<unknown>>).describe ?? `what the schema of ${schema['~standard'].vendor} wants`
  );
}

/**
 * Runs a request: its input is checked, then its handler called. Synchronous where both are.
 * @throws ERR_PLAYER_INPUT.
 */
export function runRequest({ schema, handler }: DeclaredRequest, input: unknown): unknown {
  if (schema === undefined) {
    if (input !== undefined) throw misfit([{ message: 'the request takes nothing' }]);
    return handler(undefined);
  }
  const { check } = schema as Partial<Checker<unknown>>;
  if (check !== undefined && schema['~standard'].vendor === '@skynet/player') {
    const value = check(input);
    if (value instanceof SchemaFailure) throw misfit(value.issues);
    return handler(value);
  }
  const result = schema['~standard'].validate(input);
  if (result instanceof Promise)
    return result.then((settled) => {
      if (settled.issues !== undefined) throw misfit(settled.issues);
      return handler(settled.value);
    });
  if (result.issues !== undefined) throw misfit(result.issues);
  return handler(result.value);
}

/** How many issues a client is told, and how long their texts may be. */
const SHOWN = 8;
const TEXT = 200;

function misfit(all: readonly SchemaIssue[]): Error {
  const issues = all.slice(0, SHOWN).map((issue) => ({
    path: placeOf(issue).slice(0, TEXT),
    message: String(issue.message).slice(0, TEXT),
  }));
  const [{ path, message } = { path: '', message: 'the input does not fit' }] = issues;
  return playerError('ERR_PLAYER_INPUT', path === '' ? `input ${message}` : `input ${path} ${message}`, {
    details: { issues },
  });
}
