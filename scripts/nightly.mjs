// npm run nightly: everything that takes hours, with seeds of its own each night. At the end it prints what failed, as a
// command that makes that very run again. How much is done stands in environment variables:
//
//   NIGHTLY_MESSAGES  numbered messages in runs with losses of threads, in all (10,000,000)
//   NIGHTLY_PIECE     messages of one such run, which has a seed of its own (250,000)
//   NIGHTLY_MESH      messages between five nodes over links in memory, with faults, in all (10,000,000)
//   NIGHTLY_TOPOLOGY  messages in networks of services drawn by chance, in all (100,000,000)
//   NIGHTLY_MODEL     seeded runs of a small system against its model (1,000,000)
//   NIGHTLY_KILLS     processes that are killed and started again (100)
//   NIGHTLY_NATS      runs of the tests of NATS, with servers and nodes away for 10 s (3)
//   NIGHTLY_HOSTS     runs of the tests of several hosts, in network namespaces (3)
//   NIGHTLY_FUZZ      times that fuzz tests try as much as npm test does (200)
//   NIGHTLY_SEED      the seed of all seeds (chosen by chance)
import { spawnSync } from 'node:child_process';
import { bootstrap, environment, root } from './bootstrap.mjs';

const numberOf = (name, otherwise) => {
  const text = process.env[name]?.trim() || String(otherwise);
  if (/^\d+$/.test(text)) return Number(text);
  console.error(`${name} must be a whole number, not ${JSON.stringify(text)}`);
  process.exit(2);
};

const messages = numberOf('NIGHTLY_MESSAGES', 10_000_000);
const piece = Math.max(1, numberOf('NIGHTLY_PIECE', 250_000));
const model = numberOf('NIGHTLY_MODEL', 1_000_000);
const mesh = numberOf('NIGHTLY_MESH', 10_000_000);
const topology = numberOf('NIGHTLY_TOPOLOGY', 100_000_000);
const kills = numberOf('NIGHTLY_KILLS', 100);
const nats = numberOf('NIGHTLY_NATS', 3);
const hosts = numberOf('NIGHTLY_HOSTS', 3);
const fuzz = numberOf('NIGHTLY_FUZZ', 200);
const seed = numberOf('NIGHTLY_SEED', Math.floor(Math.random() * 1_000_000));

/** Runs of one test file, each with variables of its own. */
function steps() {
  const list = [];
  const core = 'packages/core/test';
  // A run sends its messages in nodes of three and of four threads: half of them in each.
  for (let sent = 0, run = 0; sent < messages; sent += piece, run++) {
    list.push({
      what: `losses of threads, messages ${sent} to ${Math.min(sent + piece, messages)}`,
      files: [`${core}/threads/loss-property.test.ts`],
      variables: {
        LOSS_MESSAGES: Math.ceil(Math.min(piece, messages - sent) / 2),
        LOSS_SEED: seed + run,
      },
    });
  }
  // Three networks, each with faults of its own, send so many.
  for (let sent = 0, run = 0; sent < mesh; sent += piece, run++)
    list.push({
      what: `nodes over links with faults, messages ${sent} to ${Math.min(sent + piece, mesh)}`,
      files: ['packages/harbor/test/mesh/simulated.test.ts'],
      variables: { MESH_MESSAGES: Math.ceil(Math.min(piece, mesh - sent) / 3), MESH_SEED: seed + run },
    });
  if (topology > 0)
    list.push({
      what: `networks of services, ${topology} messages`,
      files: [`${core}/schedule/topology.test.ts`],
      variables: { TOPOLOGY_MESSAGES: topology, TOPOLOGY_SEED: seed },
    });
  if (kills > 0)
    list.push({
      what: `${kills} processes killed and started again`,
      files: [`${core}/bin/left-overs.test.ts`],
      variables: { SKYNET_KILLS: kills },
    });
  for (let made = 0; made < model; made += 100_000) {
    list.push({
      what: `a small system against its model, runs ${made} to ${Math.min(made + 100_000, model)}`,
      files: [`${core}/kernel/model.test.ts`],
      variables: {
        SKYNET_MODEL_RUNS: Math.min(100_000, model - made),
        SKYNET_MODEL_FIRST: seed * 1000 + made,
      },
    });
  }
  for (let run = 0; run < nats; run++)
    list.push({
      what: `NATS away for 10 s, run ${run + 1}`,
      files: ['packages/harbor/test/nats'],
      variables: { SKYNET_NATS_AWAY: 10_000, SKYNET_NATS_ALL: 1 },
    });
  for (let run = 0; run < hosts; run++)
    list.push({
      what: `several hosts, run ${run + 1}`,
      files: ['packages/harbor/test/hosts'],
      variables: { SKYNET_HOSTS_ALL: 1 },
    });
  if (fuzz > 0)
    list.push({
      what: `fuzz tests, ${fuzz} times as often`,
      files: ['fuzz', 'regular-expressions'],
      variables: { SKYNET_FUZZ: fuzz },
    });
  return list;
}

const commandOf = ({ files, variables }) =>
  [
    ...Object.entries(variables).map(([name, value]) => `${name}=${value}`),
    `npm run test:only -- --testTimeout 86400000 ${files.join(' ')}`,
  ].join(' ');

bootstrap();
console.log(`nightly: NIGHTLY_SEED=${seed}`);
const failed = [];
const begun = performance.now();
for (const step of steps()) {
  const before = performance.now();
  const { status, stdout, stderr } = spawnSync(
    'vitest',
    ['run', '--testTimeout', '86400000', '--hookTimeout', '600000', ...step.files],
    {
      cwd: root,
      env: {
        ...environment(),
        ...Object.fromEntries(Object.entries(step.variables).map(([name, value]) => [name, String(value)])),
      },
      encoding: 'utf8',
      maxBuffer: 1 << 30,
    },
  );
  const seconds = ((performance.now() - before) / 1000).toFixed(0);
  console.log(`${status === 0 ? 'passed' : 'FAILED'} ${step.what} (${seconds} s)`);
  if (status === 0) continue;
  failed.push(step);
  console.log(`${stdout}${stderr}`);
}
console.log(`nightly: ${((performance.now() - begun) / 60_000).toFixed(1)} minutes, ${failed.length} failed`);
for (const step of failed) console.log(`again: ${commandOf(step)}`);
process.exit(failed.length === 0 ? 0 : 1);
