/** A file of golden rows: what all of them have. A family knows the rest. */
export interface RowsFile {
  readonly family: string;
  readonly rows: readonly Readonly<Record<string, unknown>>[];
  readonly [key: string]: unknown;
}

/** What the command line says beside the family. */
export interface RunOptions {
  /** Where the server is that the rows talk to. */
  readonly port: number | undefined;
}

/** Does the rows of a file, one after another. Resolves to a result for each. */
export type Family = (file: RowsFile, options: RunOptions) => Promise<unknown[]> | unknown[];
