import { spawn } from 'node:child_process';
import { CreateError } from './errors.ts';

/** Package managers that run `create-skynet`, and how each installs without being chatty. */
const MANAGERS: Readonly<Record<string, readonly string[]>> = {
  npm: ['install', '--no-audit', '--no-fund', '--loglevel=error'],
  pnpm: ['install', '--silent'],
  yarn: ['install', '--silent'],
  bun: ['install', '--silent'],
};

// Without a network the first answer comes in seconds instead of minutes.
const PATIENCE = {
  npm_config_fetch_retries: '1',
  npm_config_fetch_retry_mintimeout: '1000',
  npm_config_fetch_retry_maxtimeout: '3000',
};

/** The package manager that runs this, by what it says of itself (`npm_config_user_agent`). */
export function managerOf(agent: string | undefined): string {
  const name = agent?.split('/')[0] ?? '';
  return Object.hasOwn(MANAGERS, name) ? name : 'npm';
}

/**
 * Fetches the packages of a project.
 * @throws ERR_CREATE_INSTALL with what the package manager said last.
 */
export function install(folder: string, manager: string): Promise<void> {
  return new Promise((resolve, reject) => {
    // Windows starts `npm.cmd` only through its shell; none of the words needs quotes.
    const child = spawn(manager, MANAGERS[manager] ?? [], {
      cwd: folder,
      env: { ...process.env, ...PATIENCE },
      stdio: ['ignore', 'ignore', 'pipe'],
      shell: process.platform === 'win32',
    });
    let said = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      said = (said + text).slice(-4000);
    });
    const fail = (why: string): void => reject(new CreateError('ERR_CREATE_INSTALL', why));
    child.on('error', (error) => fail(`${manager} could not be run: ${error.message}`));
    child.on('close', (code) => {
      if (code === 0) resolve();
      else fail(`${manager} install ended with code ${code}\n${said.trim()}`);
    });
  });
}
