import { freePorts } from '../../../../test/free-port.ts';

/** A free port of this machine for each port of the book, for the option `ports` of a run. */
export async function portsFor(...book: number[]): Promise<Record<number, number>> {
  const free = await freePorts(book.length);
  return Object.fromEntries(book.map((port, i) => [port, free[i] as number]));
}
