import { type Answer, insertIdOf, type Outcome } from './answer.ts';
import type { Refusal } from './errors.ts';
import type { Header } from './wire.ts';

/** What a statement without rows gives. */
export interface MysqlDone {
  /** Rows that it has put in, taken out, or found to be updated. */
  readonly affected_rows: number;
  /** The number of the new row, 0 if there is none; above 2^53 a bigint. */
  readonly insert_id: number | bigint;
  /** 2: every statement is a transaction of its own. */
  readonly server_status: number;
  readonly warning_count: number;
  /** What the server says besides: `Records: 2  Duplicates: 0  Warnings: 0`. */
  readonly message?: string;
}

/** How the server refuses a statement. It is returned, not thrown. */
export interface MysqlRefusal {
  readonly badresult: true;
  /** What the server says, for people. */
  readonly err: string;
  /** Number of the error: 1064 for what it cannot parse. */
  readonly errno: number;
  /** Five letters and digits: `42000`. */
  readonly sqlstate: string;
}

/** What one statement gives: its rows, or how many it changed. */
export type MysqlOne<Row> = Row[] | MysqlDone;

/** What several statements give: a list, with the refusal as fields of its own when one of them was refused. */
export type MysqlSeveral<Row> = MysqlOne<Row>[] & {
  readonly multiresultset: true;
  /** As the book spells it. */
  readonly mulitresultset: true;
} & Partial<MysqlRefusal>;

/** What `db.query` and `db.execute` give (book §16.2). */
export type MysqlResult<Row = Record<string, unknown>> = Row[] | MysqlDone | MysqlRefusal | MysqlSeveral<Row>;

/** Whether a statement was refused, or one of several. */
export function isBadResult(result: unknown): result is MysqlRefusal {
  return (
    typeof result === 'object' && result !== null && (result as Partial<MysqlRefusal>).badresult === true
  );
}

/** An answer in the shapes of the original. */
export function bookResult<Row>({ outcomes, refusal }: Answer): MysqlResult<Row> {
  const [first] = outcomes;
  if (first === undefined) return refusal === undefined ? [] : bookRefusal(refusal);
  if (outcomes.length === 1 && refusal === undefined) return one(first);
  return Object.assign(
    outcomes.map((outcome) => one<Row>(outcome)),
    { multiresultset: true as const, mulitresultset: true as const },
    refusal === undefined ? {} : bookRefusal(refusal),
  );
}

/** A refusal in the shape of the original. */
export function bookRefusal({ message, errno, sqlstate }: Refusal): MysqlRefusal {
  return { badresult: true, err: message, errno, sqlstate };
}

/** Set for clients that follow the session's state, as the library does and the original does not. */
const STATE_CHANGED = 0x4000;

/** What the server says of a statement without rows, in the shape of the original. */
export function bookDone(header: Header): MysqlDone {
  return {
    affected_rows: header.affectedRows,
    insert_id: insertIdOf(header),
    server_status: header.serverStatus & ~STATE_CHANGED,
    warning_count: header.warningStatus,
    ...(header.info === '' ? {} : { message: header.info }),
  };
}

function one<Row>(outcome: Outcome): MysqlOne<Row> {
  return outcome.rows === undefined ? bookDone(outcome.header) : (outcome.rows as Row[]);
}
