// Runs in a browser too.

/** Why a value does not fit. */
export interface SchemaIssue {
  readonly message: string;
  readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined;
}

/** What a schema makes of a value. */
export type SchemaResult<Output> =
  | { readonly value: Output; readonly issues?: undefined }
  | { readonly issues: readonly SchemaIssue[] };

/**
 * A schema by the Standard Schema interface (https://standardschema.dev), version 1: those of zod, valibot, arktype and
 * others are such, and so are the checkers of this package.
 */
export interface Schema<Input = unknown, Output = Input> {
  readonly '~standard': {
    readonly version: 1;
    readonly vendor: string;
    readonly validate: (value: unknown) => SchemaResult<Output> | Promise<SchemaResult<Output>>;
    readonly types?: { readonly input: Input; readonly output: Output } | undefined;
  };
}

/** What is given to a schema. */
export type InputOf<Of extends Schema> = NonNullable<Of['~standard']['types']>['input'];

/** What a schema makes of it. */
export type OutputOf<Of extends Schema> = NonNullable<Of['~standard']['types']>['output'];

/** Where an issue is, as text: `players[2].name`; '' for the whole. */
export function placeOf(issue: SchemaIssue): string {
  let place = '';
  for (const step of issue.path ?? []) {
    const key = typeof step === 'object' ? step.key : step;
    if (typeof key === 'number') place += `[${key}]`;
    else place += place === '' ? String(key) : `.${String(key)}`;
  }
  return place;
}
