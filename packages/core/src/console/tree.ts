import type { ServiceKernel } from '../contracts/kernel.ts';
import { formatHandle, type Handle } from '../handle.ts';
import { supervisorsOf } from '../supervision/registered.ts';
import type { ChildState } from '../supervision/supervisor.ts';

/** What is needed to draw the tree. */
export interface TreeSources {
  /** Asks a supervisor for its children; fails if it does not answer. */
  childrenOf(supervisor: Handle): Promise<readonly ChildState[]>;
  /** What a service was started as. */
  titleOf(handle: Handle): string;
}

/** Which service keeps which running: a line each, moved in below its supervisor. */
export async function supervisionTree(kernel: ServiceKernel, sources: TreeSources): Promise<string> {
  const supervisors = supervisorsOf(kernel);
  const answers = await Promise.all(
    supervisors.map(async (handle) => {
      const children = await sources.childrenOf(handle).catch(() => undefined);
      return [handle, children] as const;
    }),
  );
  const known = new Map(answers);
  const below = new Set(answers.flatMap(([, children]) => children?.map(({ handle }) => handle) ?? []));
  const lines = (handle: Handle, depth: number): string[] => {
    if (!known.has(handle)) return [];
    const children = known.get(handle);
    const indent = '\t'.repeat(depth);
    if (children === undefined) return [`${indent}does not answer`];
    return children.flatMap((child) => [
      `${indent}${lineOf(child)}`,
      ...(child.handle === undefined ? [] : lines(child.handle, depth + 1)),
    ]);
  };
  return supervisors
    .filter((handle) => !below.has(handle))
    .flatMap((handle) => [`${formatHandle(handle)} ${sources.titleOf(handle)}`, ...lines(handle, 1)])
    .join('\n');
}

function lineOf({ name, handle, state, restarts }: ChildState): string {
  const again = restarts === 0 ? '' : `, restarts ${restarts}`;
  return `${name} ${handle === undefined ? '' : `${formatHandle(handle)} `}${state}${again}`;
}
