import type { Refusal } from './errors.ts';
import type { Header } from './wire.ts';

/** A record: by column name, or in the order of the columns. */
export type Row = Record<string, unknown> | unknown[];

/** What one statement gave: rows, or how many it changed. */
export type Outcome =
  | { readonly rows: Row[]; readonly header: undefined }
  | { readonly rows: undefined; readonly header: Header };

/** What one request gave: an outcome for each of its statements, up to the one that was refused. */
export interface Answer {
  readonly outcomes: readonly Outcome[];
  readonly refusal: Refusal | undefined;
}

/** What the library says of a column. */
export interface Column {
  readonly name: string;
  readonly columnType: number;
}

/** 64-bit integers: the library gives them as text where a number would not be exact. */
const LONGLONG = 8;

/** Where 64-bit integers stand in records of these columns. */
export function wideColumns(columns: readonly Column[], asLists: boolean): (string | number)[] {
  const wide: (string | number)[] = [];
  columns.forEach(({ name, columnType }, index) => {
    if (columnType === LONGLONG) wide.push(asLists ? index : name);
  });
  return wide;
}

/** Makes bigints of the 64-bit integers that came as text. */
export function widen(record: Row, wide: readonly (string | number)[]): void {
  const fields = record as Record<string | number, unknown>;
  for (const key of wide) {
    const value = fields[key];
    if (typeof value === 'string') fields[key] = BigInt(value);
  }
}

/** The number that the server gave a new row; exact, above 2^53 as a bigint. */
export function insertIdOf({ insertId }: Header): number | bigint {
  return typeof insertId === 'number' ? insertId : BigInt.asUintN(64, BigInt(insertId));
}
