import type { PlacementMove, PlacementReport, TalkEdge } from '../contracts/placement.ts';
import { formatHandle } from '../handle.ts';

/** What the command `placement` shows: a line for each thread, then what was learnt and made of that. */
export function placementRows({
  mode,
  threads,
  silent,
  edges,
  places,
  pinned,
  moves,
  moved,
}: PlacementReport): Map<string, string> {
  const rows = new Map<string, string>([['placement', mode]]);
  for (const { thread, load, services } of threads)
    rows.set(`thread ${thread}`, `load ${(load * 100).toFixed(1)} %, ${services} services`);
  for (const thread of silent) rows.set(`thread ${thread}`, 'TIMEOUT');
  if (mode === 'same') return rows;
  for (const { kind, thread } of places) rows.set(`new ${kind}`, `thread ${thread}`);
  for (const edge of edges) rows.set(edge.services.map(formatHandle).join(' '), edgeText(edge));
  for (const handle of pinned) rows.set(`pinned ${formatHandle(handle)}`, '');
  rows.set('moves', String(moved));
  for (const [i, move] of moves.entries()) rows.set(`move -${i + 1}`, moveText(move));
  return rows;
}

function edgeText({ names, threads, perSecond }: TalkEdge): string {
  const [one, other] = names.map((name, i) => `${name} (thread ${threads[i]})`);
  return `${one} and ${other}: ${perSecond} messages/s`;
}

function moveText({ handle, name, from, to, talk, at, failure }: PlacementMove): string {
  const [there, here] = talk.map((rate) => Math.round(rate));
  const what = `${formatHandle(handle)} ${name} from thread ${from} to ${to}`;
  const why = `${there} messages/s there, ${here} where it was`;
  const end = failure === undefined ? '' : `; failed: ${failure.code} ${failure.text}`;
  return `${what} at ${at.toFixed(1)} s: ${why}${end}`;
}
