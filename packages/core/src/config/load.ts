import { existsSync } from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { textOf } from '../codec/error.ts';
import { isSkynetError, SkynetError } from '../errors.ts';
import { importModule } from '../typescript.ts';
import { type ResolvedConfig, resolveConfig } from './config.ts';
import { type LuaValue, readLuaConfig } from './lua.ts';
import type { SkynetConfig } from './skynet-config.ts';

/**
 * Loads and checks a configuration: `skynet.config.ts`, `.mts`, `.js`, `.mjs` (default export) or `.json`; a file of
 * any other name is read as one of the original's, whose relative paths start from the working directory.
 * @throws ERR_CONFIG.
 */
export async function loadConfig(file: string): Promise<ResolvedConfig> {
  if (typeof file !== 'string' || file === '')
    throw new SkynetError('ERR_CONFIG', 'a configuration file is told by its path', {
      details: { type: typeof file },
    });
  const location = path.resolve(file);
  return { ...(await readConfig(location, file)), origin: { file: location } };
}

async function readConfig(location: string, file: string): Promise<ResolvedConfig> {
  if (!existsSync(location)) throw new SkynetError('ERR_CONFIG', `configuration file not found: ${file}`);
  if (!/\.(ts|mts|js|mjs|json)$/.test(location))
    return resolveConfig(fromLua(readLuaConfig(location)), process.cwd(), file);
  let module: { default?: unknown };
  try {
    module = (await (location.endsWith('.json')
      ? import(pathToFileURL(location).href, { with: { type: 'json' } })
      : importModule(location))) as { default?: unknown };
  } catch (error) {
    const reason = isSkynetError(error) ? error.message : textOf(error);
    throw new SkynetError('ERR_CONFIG', `configuration file ${file} cannot be loaded: ${reason}`, {
      cause: error,
    });
  }
  return resolveConfig(module.default as SkynetConfig, path.dirname(location), file);
}

/** The original's keys under our names; scripts lose `.lua` and `/init.lua`. */
function fromLua(values: ReadonlyMap<string, LuaValue>): SkynetConfig {
  const { luaservice, logservice, logger, logpath, preload, ...config } = Object.fromEntries(values);
  // A logger written in Lua: `logservice` is then the launcher, `logger` the name of the service.
  if (logservice === 'snlua') config.logService = logger;
  else {
    if (logger !== undefined) config.logger = logger;
    if (logservice !== undefined && logservice !== 'logger') config.logService = logservice;
  }
  if (logpath !== undefined) Object.assign(config, { logpath, logPath: logpath });
  if (preload !== undefined) config.preload = String(preload).replace(/\.lua$/, '');
  if (luaservice === undefined) return config;
  const patterns = String(luaservice)
    .split(';')
    .filter((pattern) => pattern !== '');
  return {
    ...config,
    ...{ luaservice },
    services: [...new Set(patterns.map((pattern) => pattern.replace(/(\/init)?\.lua$/, '')))],
  };
}
