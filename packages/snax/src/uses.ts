import { type Node, parse } from 'acorn';

type Tree = Node & Record<string, unknown>;

/** The function of a patch that mentions a name, `accept.hello` or `hotfix`; undefined if none does. */
export function userOf(ast: Node, name: string): string | undefined {
  for (const statement of (ast as Tree)['body'] as Tree[]) {
    if (!mentions(statement, name)) continue;
    if (statement.type === 'FunctionDeclaration') return (statement['id'] as Tree)['name'] as string;
    const expression = statement['expression'] as Tree | undefined;
    if (expression?.type === 'AssignmentExpression') return pathOf(expression['left'] as Tree);
  }
  return undefined;
}

/** A local that a patch's module uses, and in which of its functions. */
export interface Use {
  readonly local: string;
  readonly function: string | undefined;
  /** Line within the text. */
  readonly line: number;
}

/** What the function that is given to `definePatch` uses of its second parameter, as far as its text shows that. */
export function usesOfLocals(text: string): Use[] {
  let made: Tree;
  try {
    const program = parse(`(${text})`, { ecmaVersion: 'latest', locations: true }) as unknown as Tree;
    made = ((program['body'] as Tree[])[0] as Tree)['expression'] as Tree;
  } catch {
    // A method, or something else that is no expression.
    return [];
  }
  const [, parameter] = (made['params'] as Tree[] | undefined) ?? [];
  const uses: Use[] = [];
  if (parameter?.type === 'Identifier') collect(made['body'] as Tree, parameter['name'] as string, [], uses);
  else if (parameter?.type === 'ObjectPattern') {
    for (const property of parameter['properties'] as Tree[]) {
      const key = property['key'] as Tree | undefined;
      if (key?.type === 'Identifier' && property['computed'] !== true)
        uses.push({ local: key['name'] as string, function: undefined, line: lineOf(key) });
    }
  }
  return uses;
}

function collect(node: Tree, locals: string, path: readonly string[], uses: Use[]): void {
  if (node.type === 'MemberExpression' && (node['object'] as Tree)['name'] === locals) {
    const local = keyOf(node['property'] as Tree, node['computed'] === true);
    if (local !== undefined)
      uses.push({
        local,
        function: path.length === 0 ? undefined : path.slice(0, 2).join('.'),
        line: lineOf(node),
      });
    return;
  }
  const key = node.type === 'Property' ? keyOf(node['key'] as Tree, node['computed'] === true) : undefined;
  const inner = key === undefined ? path : [...path, key];
  for (const value of Object.values(node))
    for (const each of Array.isArray(value) ? value : [value])
      if (isNode(each)) collect(each, locals, inner, uses);
}

function keyOf(key: Tree, isComputed: boolean): string | undefined {
  if (key.type === 'Literal') return String(key['value']);
  return isComputed ? undefined : (key['name'] as string | undefined);
}

function lineOf({ loc }: Tree): number {
  return loc?.start.line ?? 1;
}

function pathOf(node: Tree): string | undefined {
  if (node.type === 'Identifier') return node['name'] as string;
  if (node.type !== 'MemberExpression') return undefined;
  const name = keyOf(node['property'] as Tree, node['computed'] === true);
  return `${pathOf(node['object'] as Tree) ?? ''}.${name ?? ''}`;
}

function mentions(node: Tree, name: string): boolean {
  if (node.type === 'Identifier' && node['name'] === name) return true;
  return Object.values(node).some((value) =>
    (Array.isArray(value) ? value : [value]).some((each) => isNode(each) && mentions(each, name)),
  );
}

function isNode(value: unknown): value is Tree {
  return (
    typeof value === 'object' && value !== null && typeof (value as { type?: unknown }).type === 'string'
  );
}
