import { readFileSync } from 'node:fs';
import path from 'node:path';
import { readArguments } from './arguments.ts';
import { CreateError } from './errors.ts';
import { install, managerOf } from './install.ts';
import { createProject } from './project.ts';
import { type Place, readPlace } from './project-name.ts';
import { findTemplate, type Template, templates } from './template.ts';

/** Where the command runs. */
export interface Surroundings {
  /** The working directory. */
  readonly folder: string;
  /** Folder of this package. */
  readonly home: string;
}

/** Runs `create-skynet` with its words; resolves to the exit code. */
export async function run(words: readonly string[], { folder, home }: Surroundings): Promise<number> {
  try {
    const asked = readArguments(words);
    if (asked.what === 'help') console.log(usage(home));
    else if (asked.what === 'version') console.log(version(home));
    else {
      const template = findTemplate(home, asked.template);
      const place = readPlace(asked.folder, { path, folder }, [
        ...template.dependencies,
        ...template.devDependencies,
      ]);
      createProject(home, template, place);
      await finish(template, place, { folder, home }, asked.install);
    }
    return 0;
  } catch (error) {
    if (!(error instanceof CreateError)) throw error;
    console.error(`create-skynet: ${error.message} (${error.code})`);
    if (error.code === 'ERR_CREATE_OPTION') console.error(`\n${usage(home)}`);
    return 1;
  }
}

/** Fetches the packages, and says what to do now. */
async function finish(
  template: Template,
  place: Place,
  { folder }: Surroundings,
  installs: boolean,
): Promise<void> {
  const manager = managerOf(process.env.npm_config_user_agent);
  const there = path.relative(folder, place.folder);
  const enter = there === '' ? [] : [`cd ${/[^\w./\\:-]/.test(there) ? JSON.stringify(there) : there}`];
  console.log(`create-skynet: ${place.name}, from the template ${template.name}, is in ${place.folder}`);
  if (installs) {
    console.log(`create-skynet: ${manager} fetches its packages …`);
    try {
      await install(place.folder, manager);
    } catch (error) {
      const later = [...enter, `${manager} install`].join(' && ');
      if (error instanceof CreateError)
        throw new CreateError(
          error.code,
          `${error.message}\nThe files are in place. Once the registry can be reached: ${later}`,
        );
      throw error;
    }
  }
  const steps = [...enter, ...(installs ? [] : [`${manager} install`]), `${manager} run dev`];
  console.log(`\n  ${steps.join('\n  ')}\n\n${template.next}`);
}

function version(home: string): string {
  return (JSON.parse(readFileSync(path.join(home, 'package.json'), 'utf8')) as { version: string }).version;
}

function usage(home: string): string {
  const all = templates(home);
  const width = Math.max(...all.map(({ name }) => name.length));
  return `usage: npm create skynet@latest [folder] [template]

  folder        where the project goes; its name becomes the project's (default: my-game; "." is this folder)
  template      ${all.map(({ name, description }) => `${name.padEnd(width)}  ${description}`).join('\n                ')}
                (default: game)

  --no-install  leaves fetching the packages to you
  --help, --version`;
}
