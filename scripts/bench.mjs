// npm run bench -- [case…] [--json | --table] [--rounds n] [--original folder] [--peers] [--curve]: measures the build, each case beside its floor.
import { spawn } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { allCurves, measureCurve, writeCurves } from './bench/curves.mjs';
import { fetchPeers, PeersError, peerVersions } from './bench/peers.mjs';
import { TABLE_HEAD, tableRows } from './bench/table.mjs';
import { bootstrap, environment, root } from './bootstrap.mjs';
import { build } from './build.mjs';

const USAGE = `usage: npm run bench -- [case…] [--json | --table] [--rounds n] [--original folder] [--peers] [--list]
       npm run bench -- --curve [curve…] [--rounds n] [--out file]
  case      a name, or the beginning of some: "call" runs call-int and call-object. All, if none is given.
  --json    one line a figure: {"case","value","unit","floor","ratio"}
  --table   rows of Markdown, as in docs/bench.md
  --rounds  measurements of each side, taken in turn; the median counts (3)
  --no-build  measures what is built already
  --original  folder of a built skynet: cases that it can do, too, are measured on it in the same turns
  --peers   fetches other libraries once, into the system's cache folder (or SKYNET_PEERS_CACHE), and measures
            them in the same turns; ends with 3 where they cannot be fetched
  --curve   measures curves, figures by something that grows, and draws them into docs/curves.svg, or --out
  --list    only the names`;

const bench = path.join(root, 'packages/core/bench');
const options = readOptions();

function readOptions() {
  try {
    const { values, positionals } = parseArgs({
      allowPositionals: true,
      options: {
        json: { type: 'boolean' },
        table: { type: 'boolean' },
        list: { type: 'boolean' },
        'no-build': { type: 'boolean' },
        help: { type: 'boolean', short: 'h' },
        rounds: { type: 'string', default: '3' },
        original: { type: 'string' },
        peers: { type: 'boolean' },
        curve: { type: 'boolean' },
        out: { type: 'string' },
      },
    });
    const rounds = Number(values.rounds);
    if (!Number.isInteger(rounds) || rounds < 1)
      stop(`--rounds must be a whole number above 0, not ${values.rounds}`, 2);
    const original = values.original === undefined ? undefined : path.resolve(values.original);
    if (original !== undefined && !existsSync(path.join(original, 'skynet')))
      stop(`--original: there is no program skynet in ${original}`, 2);
    return { ...values, rounds, original, names: positionals };
  } catch (error) {
    return stop(error.message, 2);
  }
}

function stop(why, code) {
  console.error(`skynet: ${why}\n${USAGE}`);
  process.exit(code);
}

/** Name and file of each case, in the order in which they are best read. */
function allCases() {
  const found = readdirSync(path.join(root, 'packages')).flatMap((name) => {
    const folder = path.join(root, 'packages', name, 'bench/cases');
    try {
      return readdirSync(folder)
        .filter((file) => file.endsWith('.ts'))
        .map((file) => ({ name: path.basename(file, '.ts'), file: path.join(folder, file) }));
    } catch {
      return [];
    }
  });
  const isThreaded = ({ name }) => Number(name.startsWith('thread'));
  return found.sort((a, b) => isThreaded(a) - isThreaded(b));
}

/** Those of the cases, or curves, whose names were typed. */
function chosen(all, what) {
  if (options.names.length === 0) return all;
  const found = new Set();
  for (const wanted of options.names) {
    const exact = all.filter(({ name }) => name === wanted);
    const some = exact.length > 0 ? exact : all.filter(({ name }) => name.startsWith(wanted));
    if (some.length === 0)
      stop(`no ${what} ${wanted}; there are ${all.map(({ name }) => name).join(' ')}`, 2);
    for (const each of some) found.add(each);
  }
  return all.filter((each) => found.has(each));
}

/** Runs one side of a case, or one point of a curve, in a process of its own; resolves to what it printed. */
function measure(file, side, x) {
  const program = path.join(bench, x === undefined ? 'run-case.ts' : 'run-curve.ts');
  const words = [program, file, side, ...(x === undefined ? [] : [String(x)])];
  const child = spawn(process.execPath, ['--expose-gc', '--import', 'tsx', ...words], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'inherit'],
    env: {
      ...environment(),
      ...(options.original === undefined ? {} : { SKYNET_ORIGINAL: options.original }),
      ...(peersFolder === undefined ? {} : { SKYNET_PEERS: peersFolder }),
    },
  });
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (text) => {
    output += text;
  });
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => {
      if (code === 0) resolve(JSON.parse(output.trim().split('\n').at(-1)));
      else reject(new Error(`${path.basename(file, '.ts')}, ${side}: ended with ${code}`));
    });
  });
}

/** Keeps some processors busy until the function that it returns is called. */
function keepBusy(count) {
  const children = Array.from({ length: count }, () =>
    spawn(process.execPath, ['--import', 'tsx', path.join(bench, 'busy.ts')], { cwd: root, stdio: 'ignore' }),
  );
  return () => {
    for (const child of children) child.kill();
  };
}

function median(figures) {
  const sorted = [...figures].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/** Measures a case and its floors in turn, and returns its lines. */
async function runCase({ file }) {
  const { lines, floors, peers, busy, hasOriginal } = await measure(file, 'lines');
  const rivals = [
    ...floors,
    ...(hasOriginal && options.original !== undefined ? ['original'] : []),
    ...(peersFolder === undefined ? [] : peers),
  ];
  const rounds = [];
  const rest = keepBusy(busy);
  try {
    for (let round = 0; round < options.rounds; round++) {
      const sides = ['ours', ...rivals];
      // Whoever is first finds another machine than whoever is last: so they change places.
      if (round % 2 === 1) sides.reverse();
      const figures = {};
      for (const side of sides) figures[side] = await measure(file, side);
      rounds.push(figures);
    }
  } finally {
    rest();
  }
  return rivals.flatMap((floorName, nth) =>
    lines.map(({ name, unit }, line) => ({
      line: name,
      case: nth === 0 ? name : `${name}:${floorName.replaceAll(' ', '-')}`,
      value: median(rounds.map(({ ours }) => ours[line])),
      unit,
      floor: median(rounds.map((figures) => figures[floorName][line])),
      ratio: median(rounds.map((figures) => figures.ours[line] / figures[floorName][line])),
      floorName,
    })),
  );
}

/** Four figures are more than these measurements are worth. */
function rounded(figure) {
  return Number.isFinite(figure) ? Number(figure.toPrecision(4)) : null;
}

function shown(figure) {
  if (!Number.isFinite(figure)) return '-';
  const digits = Math.abs(figure) >= 100 ? 0 : Math.abs(figure) >= 1 ? 1 : 3;
  return figure.toLocaleString('en', { minimumFractionDigits: digits, maximumFractionDigits: digits });
}

function row(name, value, unit, floor, ratio, floorName) {
  return `${name.padEnd(36)}${value.padStart(14)} ${unit.padEnd(14)}${floor.padStart(14)}${ratio.padStart(9)}  ${floorName}`;
}

function print(line) {
  const { value, unit, floor, ratio, floorName } = line;
  if (options.json) {
    console.log(
      JSON.stringify({
        case: line.case,
        value: rounded(value),
        unit,
        floor: rounded(floor),
        ratio: rounded(ratio),
      }),
    );
  } else console.log(row(line.case, shown(value), unit, shown(floor), `${shown(ratio)}x`, floorName));
}

/** Where the peers are, if they are measured. */
let peersFolder;

function installPeers() {
  try {
    return fetchPeers(root);
  } catch (error) {
    if (!(error instanceof PeersError)) throw error;
    console.error(`skynet: ${error.message} (${error.code})\nConnect once; afterwards they are there.`);
    return process.exit(3);
  }
}

/** The machine, and when. */
function whereAndWhen() {
  const [cpu] = os.cpus();
  const day = new Date().toISOString().slice(0, 10);
  return `Node.js ${process.versions.node}, ${os.cpus().length} x ${cpu?.model.trim() ?? 'unknown processor'}, ${day}`;
}

async function drawAll(curves) {
  const drawn = [];
  for (const each of curves)
    drawn.push(
      await measureCurve(each, {
        curve: (file) => measure(file, 'curve', 0),
        point: measure,
        rounds: options.rounds,
        median,
        told: (line) => console.log(line),
      }),
    );
  const file = writeCurves(path.resolve(root, options.out ?? 'docs/curves.svg'), drawn, whereAndWhen());
  console.log(`\nskynet: drawn into ${path.relative(process.cwd(), file)}`);
}

const cases = options.curve ? chosen(allCurves(root), 'curve') : chosen(allCases(), 'case');
if (options.help) {
  console.log(USAGE);
  process.exit(0);
}
if (options.list) {
  for (const { name } of cases) console.log(name);
  process.exit(0);
}
bootstrap();
if (options.peers) peersFolder = installPeers();
if (!options['no-build']) build();
if (options.curve) {
  await drawAll(cases);
  process.exit(0);
}
if (!options.json) {
  console.log(`${whereAndWhen()}\n`);
  if (options.peers) console.log(`${peerVersions(root).join(', ')}\n`);
  console.log(options.table ? TABLE_HEAD : row('case', 'value', 'unit', 'floor', 'ratio', 'floor is'));
}
let failures = 0;
for (const bench of cases) {
  try {
    const lines = await runCase(bench);
    if (options.table) console.log(tableRows(lines).join('\n'));
    else for (const line of lines) print(line);
  } catch (error) {
    failures++;
    console.error(`skynet: ${bench.name} failed: ${error.message}`);
  }
}
process.exit(failures === 0 ? 0 : 1);
