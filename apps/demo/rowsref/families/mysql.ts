import { startNode } from '@skynet/core';
import {
  type ConnectOptions,
  connect,
  isBadResult,
  type MysqlDb,
  type MysqlStatement,
  type Parameter,
} from '@skynet/mysql';
import type { Family } from '../family.ts';
import { errorText, type Typed } from '../typed.ts';
import { Table, textOrBytes, typed, untyped } from '../typed-value.ts';

interface Step {
  readonly op: string;
  readonly sql?: string;
  readonly fill?: number;
  readonly as?: string;
  readonly args?: readonly Typed[];
  readonly on?: boolean;
  readonly sqls?: readonly string[];
}

interface Row {
  readonly connect?: Readonly<Record<string, unknown>>;
  readonly steps: readonly Step[];
}

/** What the original calls the options of a connection. */
const OPTION_NAMES: Readonly<Record<string, keyof ConnectOptions>> = {
  compact_arrays: 'compactArrays',
  max_packet_size: 'maxPacketSize',
};

/** MySQL: each row on a connection of its own. */
export const run: Family = async (file, { port }) => {
  const node = await startNode({ harbor: 1, watchdog: false }, { onLog: () => {} });
  const server = { host: '127.0.0.1', port: port ?? 3306 };
  const results: unknown[] = [];
  for (const row of file.rows)
    results.push(
      await node.run(async (skynet) => {
        const { connect: given = {}, steps } = row as unknown as Row;
        const options = { user: 'lab', password: 'secret', database: 'lab', charset: 'utf8mb4' };
        for (const [key, value] of Object.entries(given))
          Object.assign(options, { [OPTION_NAMES[key] ?? key]: untyped(value as Typed) });
        let db: MysqlDb;
        try {
          db = await connect(skynet, { ...server, ...options });
        } catch (error) {
          return steps.map(() => failure(error));
        }
        const runner = new Runner(db, async (id) => {
          const root = await connect(skynet, { ...server, user: 'root' });
          await root.query(`kill ${id}`);
          root.disconnect();
          await skynet.sleep('200ms');
        });
        const done: unknown[] = [];
        for (const step of steps) done.push(await runner.run(step));
        db.disconnect();
        return done;
      }),
    );
  await node.stop();
  return results;
};

/** Does the steps of a row. */
class Runner {
  readonly #db: MysqlDb;
  readonly #kill: (id: unknown) => Promise<void>;
  readonly #statements = new Map<string, MysqlStatement>();

  constructor(db: MysqlDb, kill: (id: unknown) => Promise<void>) {
    this.#db = db;
    this.#kill = kill;
  }

  async run(step: Step): Promise<unknown> {
    try {
      return typed(shaped(await this.#do(step)));
    } catch (error) {
      return failure(error);
    }
  }

  async #do(step: Step): Promise<unknown> {
    const { op, sql = '', fill = 0, as = '', args = [], on = false, sqls = [] } = step;
    switch (op) {
      case 'query':
        return this.#db.query(sql + 'x'.repeat(fill));
      case 'prepare': {
        const statement = await this.#db.prepare(sql);
        if (isBadResult(statement)) return statement;
        this.#statements.set(as, statement);
        return { params: statement.param_count, fields: statement.field_count };
      }
      case 'execute':
        return this.#db.execute(
          this.#statement(as),
          ...args.map((value) => textOrBytes(untyped(value)) as Parameter),
        );
      case 'reset':
        return this.#db.stmtReset(this.#statement(as));
      case 'close':
        return this.#db.stmtClose(this.#statement(as));
      case 'ping':
        return this.#db.ping();
      case 'compact':
        this.#db.setCompactArrays(on);
        return on;
      case 'kill': {
        const rows = (await this.#db.query('select connection_id() as id')) as
          | { id: unknown }[]
          | unknown[][];
        const [first] = rows;
        await this.#kill(Array.isArray(first) ? first[0] : first?.id);
        return 'killed';
      }
      case 'parallel':
        return Promise.all(
          sqls.map(async (text) => {
            try {
              return shaped(await this.#db.query(text));
            } catch (error) {
              return failure(error);
            }
          }),
        );
      default:
        throw new Error(`unknown step ${op}`);
    }
  }

  #statement(name: string): MysqlStatement {
    const statement = this.#statements.get(name);
    if (statement === undefined) throw new Error(`no statement ${name}`);
    return statement;
  }
}

/** Results of several statements as a list with further keys. */
function shaped(result: unknown): unknown {
  if (!Array.isArray(result) || !('multiresultset' in result)) return result;
  const keys = ['multiresultset', 'badresult', 'err', 'errno', 'sqlstate'];
  return new Table(
    [...result],
    keys.map((key) => [key, (result as unknown as Record<string, unknown>)[key]] as const),
  );
}

function failure(error: unknown): { err: string } {
  return { err: errorText(error) };
}
