// npm run release: applies the changesets (versions, changelogs), packs and checks what changed, and publishes what the
// registry does not have yet, core first. With --dry-run it does all of that to a copy of the sources and a registry of its own,
// then installs the packages by name and runs a project that `npm create skynet` has made.
import { execFile, spawn } from 'node:child_process';
import { cpSync, existsSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import {
  archiveOf,
  checkArchives,
  fail,
  packAll,
  publicPackages,
  run,
  temporaryFolder,
  useInstalled,
} from './archives.mjs';
import { bootstrap, environment, root } from './bootstrap.mjs';
import { build } from './build.mjs';
import { releaseTools } from './tools.mjs';

const SCAFFOLD = 'create-skynet';

const versionsIn = (top) => new Map(publicPackages(top).map(({ name, version }) => [name, version]));

/** Names that the waiting changesets raise. */
function namedByChangesets(top) {
  const folder = path.join(top, '.changeset');
  const texts = readdirSync(folder)
    .filter((file) => file.endsWith('.md') && file !== 'README.md')
    .map((file) => readFileSync(path.join(folder, file), 'utf8'));
  const lines = texts.flatMap((text) => (text.split('---')[1] ?? '').trim().split('\n'));
  return new Set(
    lines.map((line) => /^["']?([^"':]+)["']?:/.exec(line)?.[1]).filter((name) => name !== undefined),
  );
}

/** Raises the versions that changesets ask for, and none else. Returns the names of what was raised. */
function applyChangesets(top) {
  const named = namedByChangesets(top);
  if (named.size === 0) return [];
  // What it makes has the new versions, so the scaffold is a new one, too.
  if (!named.has(SCAFFOLD)) {
    const text = `---\n"${SCAFFOLD}": patch\n---\n\nProjects are made with the packages of this release.\n`;
    writeFileSync(path.join(top, '.changeset/scaffold-follows.md'), text);
    named.add(SCAFFOLD);
  }
  const before = versionsIn(top);
  const changesets = path.join(releaseTools(), '@changesets/cli/bin.js');
  run('changeset version', process.execPath, [changesets, 'version'], top);
  const after = versionsIn(top);
  const raised = [...after].filter(([name, version]) => before.get(name) !== version).map(([name]) => name);
  const wrong = raised.filter((name) => !named.has(name));
  if (wrong.length > 0) fail(`changesets raised ${wrong.join(', ')}, of which no changeset speaks`);
  raiseCoreRange(top, raised, after.get('@skynet/core'));
  for (const name of raised) console.log(`${name} ${before.get(name)} -> ${after.get(name)}`);
  return raised;
}

/** A package is released with the core that it was tested with; older ones may lack what it uses. */
function raiseCoreRange(top, raised, core) {
  for (const { name, location, peerDependencies } of publicPackages(top)) {
    if (!raised.includes(name) || peerDependencies?.['@skynet/core'] === undefined) continue;
    const file = path.join(location, 'package.json');
    const text = readFileSync(file, 'utf8').replace(/workspace:>=\S+ <1\.0\.0/, `workspace:>=${core} <1.0.0`);
    writeFileSync(file, text);
  }
}

/** Runs a program while connections of this process are looked after: one that the registry closes is seen to be closed. */
function runBeside(title, command, args, env) {
  return new Promise((resolve) => {
    execFile(command, args, { cwd: root, env }, (error, stdout, stderr) => {
      if (error === null) return resolve();
      process.stderr.write(`${stdout}${stderr}\n`);
      fail(`${title} failed`);
    });
  });
}

/** Publishes the archives that a registry does not have. Returns how many those were. */
async function publish(folder, packages, env) {
  const registry = run('npm config', 'npm', ['config', 'get', 'registry'], root, env)
    .trim()
    .replace(/\/?$/, '/');
  // GitHub says who has built it, where its workflow may ask for that.
  const provenance = env.ACTIONS_ID_TOKEN_REQUEST_URL === undefined ? [] : ['--provenance'];
  let count = 0;
  for (const manifest of packages) {
    const { name, version } = manifest;
    const answer = await fetch(`${registry}${name.replace('/', '%2f')}`);
    if (!answer.ok && answer.status !== 404) fail(`${registry} answers ${answer.status}`);
    const { versions = {} } = answer.ok ? await answer.json() : {};
    if (Object.hasOwn(versions, version)) continue;
    const archive = archiveOf(folder, manifest);
    await runBeside(
      `publishing ${name}`,
      'npm',
      ['publish', archive, '--access', 'public', ...provenance],
      env,
    );
    console.log(`published ${name} ${version}`);
    count++;
  }
  return count;
}

async function release() {
  if (run('git status', 'git', ['status', '--porcelain'], root).trim() !== '') fail('commit first');
  applyChangesets(root);
  build();
  const folder = temporaryFolder('release');
  const packages = packAll(folder);
  await checkArchives(folder, packages);
  const count = await publish(folder, packages, environment());
  console.log(`${count} packages published. Commit the versions and changelogs, and push.`);
}

/** What is made, and not copied with the sources. */
const MADE = new Set(['.git', 'node_modules', 'dist', '.turbo', 'coverage']);

/** Copies the sources, the built files of packages, and the links of the installation. */
function copySources() {
  const top = temporaryFolder('release');
  // Not by what git knows: the sources may have come without it.
  cpSync(root, top, { recursive: true, filter: (source) => !MADE.has(path.basename(source)) });
  for (const { location } of publicPackages()) {
    const relative = path.relative(root, location);
    for (const part of ['dist', 'node_modules'])
      if (existsSync(path.join(location, part)))
        cpSync(path.join(location, part), path.join(top, relative, part), {
          recursive: true,
          verbatimSymlinks: true,
        });
  }
  symlinkSync(path.join(root, 'node_modules'), path.join(top, 'node_modules'));
  // Changelogs name commits.
  const who = ['-c', 'user.name=release', '-c', 'user.email=release@localhost', '-c', 'commit.gpgsign=false'];
  for (const args of [
    ['init', '-q'],
    ['add', '-A'],
    [...who, 'commit', '-q', '--no-verify', '-m', 'as it is'],
  ])
    run('git', 'git', args, top);
  return top;
}

async function tryRelease() {
  const top = copySources();
  applyChangesets(top);
  const folder = temporaryFolder('archives');
  const packages = packAll(folder, top);
  await checkArchives(folder, packages);

  const upstream = run('npm config', 'npm', ['config', 'get', 'registry'], root).trim();
  const registry = await startRegistryProcess(upstream);
  const env = {
    ...environment(),
    npm_config_registry: registry.url,
    [`npm_config_//${new URL(registry.url).host}/:_authToken`]: 'anybody',
    npm_config_cache: temporaryFolder('cache'),
    npm_config_yes: 'true',
    npm_config_audit: 'false',
    npm_config_fund: 'false',
    npm_config_loglevel: 'error',
  };
  if ((await publish(folder, packages, env)) !== packages.length)
    fail('not all packages were new to an empty registry');
  if ((await publish(folder, packages, env)) !== 0) fail('what is published already was published again');

  const stranger = temporaryFolder('stranger');
  writeFileSync(path.join(stranger, 'package.json'), '{ "private": true, "type": "module" }\n');
  run('installing by name', 'npm', ['install', ...packages.map(({ name }) => name)], stranger, env);
  await useInstalled(stranger, packages);
  run('npm create skynet', 'npm', ['create', 'skynet@latest', 'trial', 'minimal'], stranger, env);
  const trial = path.join(stranger, 'trial');
  run('the tests of a new project', 'npm', ['test'], trial, env);
  registry.close();

  // Of the next release: a change of core alone, once more and larger, leaves all others as they are.
  for (const step of ['patch', 'minor']) {
    writeFileSync(
      path.join(top, '.changeset/next.md'),
      `---\n"@skynet/core": ${step}\n---\n\nA ${step} change.\n`,
    );
    const raised = applyChangesets(top).sort().join(' ');
    if (raised !== `@skynet/core ${SCAFFOLD}`) fail(`a ${step} change of core raised ${raised}`);
  }
  console.log(
    `The release of ${packages.length} packages works; nothing was published but to a registry of its own.`,
  );
}

/** A process of its own: npm is waited for without turns of the event loop. */
function startRegistryProcess(upstream) {
  const folder = temporaryFolder('registry');
  const module = JSON.stringify(path.join(root, 'scripts/registry.mjs'));
  const options = JSON.stringify({ folder, upstream });
  const program = `import(${module}).then((m) => m.startRegistry(${options})).then(({ url }) => console.log(url));
    process.stdin.resume().on('end', () => process.exit());`;
  const child = spawn(process.execPath, ['-e', program], { stdio: ['pipe', 'pipe', 'inherit'] });
  process.on('exit', () => child.kill());
  return new Promise((resolve, reject) => {
    child.on('exit', (code) => reject(new Error(`the registry ended with code ${code}`)));
    child.stdout
      .setEncoding('utf8')
      .once('data', (text) => resolve({ url: text.trim(), close: () => child.kill() }));
  });
}

bootstrap();
if (process.argv.includes('--dry-run')) {
  build();
  await tryRelease();
} else await release();
