import { fileURLToPath } from 'node:url';
import { packSeri } from '@skynet/core';
import { createSnax, type Snax, type SnaxObject } from '@skynet/snax';
import type { Family } from '../family.ts';
import { fromTyped, toTyped } from '../lua-values.ts';
import { type DoStep, runSteps, type Step } from '../steps.ts';
import type { Typed } from '../typed.ts';

/** snax services of the scripts beside this file, which do what the rows' Lua does. */
export const run: Family = (file) =>
  runSteps(
    file,
    (skynet) => {
      const snax = createSnax(skynet);
      return () => {
        const doStep = stepsOf(snax);
        return async (step) => {
          if (step.op !== 'getenv') return doStep(step);
          return [toTyped(skynet.getenv(String(step['name'] ?? step['key'])))];
        };
      };
    },
    { snax: ['./snax/?'] },
    fileURLToPath(new URL('..', import.meta.url)),
  );

function stepsOf(snax: Snax): DoStep {
  const objects = new Map<unknown, SnaxObject>();
  const objectOf = (name: unknown): SnaxObject => {
    const object = objects.get(name);
    if (object === undefined) throw new Error(`no object ${String(name)}`);
    return object;
  };
  const keep = async (as: unknown, making: Promise<SnaxObject>): Promise<readonly Typed[]> => {
    objects.set(as, await making);
    return [true];
  };
  return async (step: Step) => {
    const { op, as, of } = step;
    const name = String(step['name'] ?? '');
    const method = String(step['method'] ?? '');
    const args = (step.args ?? []).map(fromTyped);
    switch (op) {
      case 'ids': {
        const { accept, response, system } = await snax.interface(name);
        return [toTyped({ accept, response, system })];
      }
      case 'bytes': {
        const group = String(step['group']) as 'accept' | 'response' | 'system';
        const id = (await snax.interface(name))[group][method];
        return [toTyped(packSeri([id, ...args]))];
      }
      case 'snaxnew':
      case 'newservice':
        return keep(as, snax.newService(name, ...args));
      case 'rawnewservice':
        await snax.rawNewService(name, ...args);
        return [true];
      case 'snaxunique':
      case 'uniqueservice':
        return keep(as, snax.uniqueService(name, ...args));
      case 'snaxglobal':
      case 'globalservice':
        return keep(as, snax.globalService(name, ...args));
      case 'snaxquery':
      case 'queryservice':
        return keep(as, snax.queryService(name));
      case 'queryglobal':
        return keep(as, snax.queryGlobal(name));
      case 'bind':
        return keep(as, snax.bind(objectOf(of).handle, name));
      case 'req': {
        // An unknown name throws when it is looked at, as in the original.
        void objectOf(of).req[method];
        return (await snax.request(objectOf(of), method, ...args)).map(toTyped);
      }
      case 'post':
        objectOf(of).post[method]?.(...args);
        return [];
      case 'kill':
      case 'snaxkill':
        await snax.kill(objectOf(of), ...args);
        return [];
      case 'snaxsame':
        return [objectOf(step['a']) === objectOf(step['b'])];
      case 'profile_info':
      case 'profile': {
        const profile = await snax.profileInfo(objectOf(of));
        const called = Object.entries(profile).filter(([, { count }]) => count > 0);
        return [toTyped(Object.fromEntries(called))];
      }
      case 'type':
        return [toTyped(objectOf(of).type)];
      case 'hotfix':
        // Its text is Lua.
        return 'skipped';
      default:
        throw new Error(`no such step: ${op}`);
    }
  };
}
