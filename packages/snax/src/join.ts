import { type Node, parse } from 'acorn';

type Tree = Node & Record<string, unknown>;

/** A variable that patches may join. */
interface Variable {
  readonly name: string;
  readonly isConstant: boolean;
}

/** Under which an instance takes what a setup function says of its variables; see `locals.ts`. */
const COLLECT = 'globalThis[Symbol.for("@skynet/snax join")]';

/** Cannot be joined under their name: they mean something else in the accessors. */
const RESERVED: ReadonlySet<string> = new Set(['globalThis', 'Symbol', 'arguments', 'eval', '$value']);

/**
 * Writes into the setup function of a script, as its first statement, accessors for its variables and those of its module: so
 * patches reach them, and the script need not give them as `locals`. The text keeps its lines. Returns undefined where there
 * is nothing to do: no `defineSnax` with a function that stands in the module, or a text that is no program. `written` is
 * what somebody has written, if the text was made of that: a variable that nobody writes to may have become a constant.
 */
export function joinLocals(text: string, written: string = text): string | undefined {
  if (!text.includes('defineSnax') || text.includes(COLLECT)) return undefined;
  let program: Tree;
  try {
    program = parse(text, {
      ecmaVersion: 'latest',
      sourceType: 'module',
      allowHashBang: true,
      allowAwaitOutsideFunction: true,
    }) as unknown as Tree;
  } catch {
    return undefined;
  }
  const body = program['body'] as Tree[];
  const setup = setupOf(program, body);
  if (setup === undefined) return undefined;
  const block = setup['body'] as Tree;
  const statements = block.type === 'BlockStatement' ? (block['body'] as Tree[]) : [];
  const edits =
    written === text ? [] : [...body, ...statements].flatMap((each) => variableAgain(each, written));
  const own = variablesOf(setup);
  const names = new Set(own.map(({ name }) => name));
  const outer = moduleVariables(body).filter(({ name }) => !names.has(name));
  const call = `${COLLECT}?.(() => ${accessors(own)}, () => ${accessors(outer)})`;
  if (block.type === 'BlockStatement') {
    const directives = statements.filter((statement) => statement['directive'] !== undefined);
    edits.push({ at: directives.at(-1)?.end ?? block.start + 1, length: 0, text: ` ${call}; ` });
  } else {
    edits.push({ at: block.start, length: 0, text: `(${call}, ` }, { at: block.end, length: 0, text: ')' });
  }
  let result = text;
  for (const { at, length, text: inserted } of edits.sort((a, b) => b.at - a.at))
    result = result.slice(0, at) + inserted + result.slice(at + length);
  return result;
}

interface Edit {
  readonly at: number;
  /** Characters that go. */
  readonly length: number;
  readonly text: string;
}

/** Makes `const` what was `let`, and notes that in the tree. */
function variableAgain(statement: Tree, written: string): Edit[] {
  const declaration = declarationIn(statement);
  if (declaration?.type !== 'VariableDeclaration' || declaration['kind'] !== 'const') return [];
  const found: Variable[] = [];
  declare(declaration, found);
  if (!found.some(({ name }) => wasVariable(name, written))) return [];
  declaration['kind'] = 'let';
  return [{ at: declaration.start, length: 'const'.length, text: 'let' }];
}

/** Whether a statement that begins with `let` names it before it ends. */
function wasVariable(name: string, written: string): boolean {
  const word = new RegExp(`(?<![\\w$.])${name.replaceAll('$', '\\$')}(?![\\w$])`);
  return written
    .split(/(?<![\w$.])let\b/)
    .some((part, i) => i > 0 && word.test(part.split(/[;=]/, 1)[0] as string));
}

function accessors(variables: readonly Variable[]): string {
  const parts = variables.map(({ name, isConstant }) => {
    const get = `get ${name}() { return ${name}; }`;
    return isConstant ? get : `${get}, set ${name}($value) { ${name} = $value; }`;
  });
  return `({ ${['__proto__: null', ...parts].join(', ')} })`;
}

/** The function that is given to `defineSnax`, in the call itself or by the name it has in the module. */
function setupOf(program: Tree, body: readonly Tree[]): Tree | undefined {
  const names = new Set<string>(['defineSnax']);
  for (const statement of body) {
    if (statement.type !== 'ImportDeclaration') continue;
    for (const specifier of statement['specifiers'] as Tree[]) {
      const imported = specifier['imported'] as Tree | undefined;
      if (imported?.['name'] === 'defineSnax') names.add((specifier['local'] as Tree)['name'] as string);
    }
  }
  const call = findCall(program, names);
  const [first] = (call?.['arguments'] as Tree[] | undefined) ?? [];
  if (first === undefined) return undefined;
  const given = unnamed(first);
  if (isFunction(given)) return given;
  return given.type === 'Identifier' ? functionCalled(given['name'] as string, body) : undefined;
}

/** What esbuild has wrapped to keep its name: `__name(function …, "setup")`. */
function unnamed(node: Tree): Tree {
  const isWrapped = node.type === 'CallExpression' && (node['callee'] as Tree)['name'] === '__name';
  return isWrapped ? ((node['arguments'] as Tree[])[0] as Tree) : node;
}

function findCall(node: Tree, names: ReadonlySet<string>): Tree | undefined {
  if (node.type === 'CallExpression') {
    const callee = node['callee'] as Tree;
    const name = callee.type === 'MemberExpression' ? (callee['property'] as Tree) : callee;
    if (name.type === 'Identifier' && names.has(name['name'] as string)) return node;
  }
  for (const value of Object.values(node)) {
    for (const each of Array.isArray(value) ? value : [value]) {
      const found = isNode(each) ? findCall(each, names) : undefined;
      if (found !== undefined) return found;
    }
  }
  return undefined;
}

function functionCalled(name: string, body: readonly Tree[]): Tree | undefined {
  for (const statement of body) {
    const declaration = declarationIn(statement);
    if (declaration?.type === 'FunctionDeclaration' && (declaration['id'] as Tree | null)?.['name'] === name)
      return declaration;
    if (declaration?.type !== 'VariableDeclaration') continue;
    for (const each of declaration['declarations'] as Tree[]) {
      const init = each['init'] as Tree | null;
      if ((each['id'] as Tree)['name'] !== name || init === null) continue;
      const given = unnamed(init);
      if (isFunction(given)) return given;
    }
  }
  return undefined;
}

/** Parameters, and what is declared at the top of a function. */
function variablesOf(setup: Tree): Variable[] {
  const found: Variable[] = [];
  for (const param of setup['params'] as Tree[]) bind(param, false, found);
  const block = setup['body'] as Tree;
  if (block.type === 'BlockStatement')
    for (const statement of block['body'] as Tree[]) declare(statement, found);
  return usable(found);
}

function moduleVariables(body: readonly Tree[]): Variable[] {
  const found: Variable[] = [];
  for (const statement of body) {
    if (statement.type === 'ImportDeclaration') {
      for (const specifier of statement['specifiers'] as Tree[])
        bind(specifier['local'] as Tree, true, found);
    } else declare(declarationIn(statement), found);
  }
  return usable(found);
}

/** What a transpiler has added, and what means something else in an accessor, is left out. */
function usable(variables: readonly Variable[]): Variable[] {
  const byName = new Map(variables.map((variable) => [variable.name, variable]));
  return [...byName.values()].filter(({ name }) => !RESERVED.has(name) && !name.startsWith('__'));
}

function declarationIn(statement: Tree): Tree | undefined {
  const isExport =
    statement.type === 'ExportNamedDeclaration' || statement.type === 'ExportDefaultDeclaration';
  return isExport ? ((statement['declaration'] as Tree | null) ?? undefined) : statement;
}

function declare(statement: Tree | undefined, found: Variable[]): void {
  switch (statement?.type) {
    case 'VariableDeclaration':
      for (const each of statement['declarations'] as Tree[])
        bind(each['id'] as Tree, statement['kind'] !== 'let' && statement['kind'] !== 'var', found);
      break;
    case 'FunctionDeclaration':
    case 'ClassDeclaration': {
      const id = statement['id'] as Tree | null;
      if (id !== null) bind(id, statement.type === 'ClassDeclaration', found);
      break;
    }
  }
}

function bind(pattern: Tree | null, isConstant: boolean, found: Variable[]): void {
  switch (pattern?.type) {
    case 'Identifier':
      found.push({ name: pattern['name'] as string, isConstant });
      break;
    case 'ObjectPattern':
      for (const property of pattern['properties'] as Tree[])
        bind((property['value'] ?? property['argument']) as Tree, isConstant, found);
      break;
    case 'ArrayPattern':
      for (const element of pattern['elements'] as (Tree | null)[]) bind(element, isConstant, found);
      break;
    case 'AssignmentPattern':
      bind(pattern['left'] as Tree, isConstant, found);
      break;
    case 'RestElement':
      bind(pattern['argument'] as Tree, isConstant, found);
      break;
  }
}

function isFunction({ type }: Tree): boolean {
  return type === 'FunctionExpression' || type === 'ArrowFunctionExpression';
}

function isNode(value: unknown): value is Tree {
  return (
    typeof value === 'object' && value !== null && typeof (value as { type?: unknown }).type === 'string'
  );
}
