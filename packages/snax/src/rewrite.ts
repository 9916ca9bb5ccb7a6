import type { Node } from 'acorn';

/** What the rewriting needs to know. */
export interface RewriteRules {
  /** Names that the patch says the service has, by line. */
  readonly declared: ReadonlyMap<string, number>;
  /** Whether the service has registered a local of that name. */
  isLocal(name: string): boolean;
  /** Told of a declared name that the service lacks. */
  missing(name: string, line: number): never;
  /** Names that are there besides. */
  readonly parameters: readonly string[];
}

/** The text of a patch whose joined locals are accessors, and whose undeclared names are the service's globals. */
export interface Rewritten {
  readonly text: string;
  /** Names of functions, and of variables with a value, at the top. */
  readonly functions: readonly string[];
}

type Tree = Node & Record<string, unknown>;

/** Names of one function or block. */
interface Scope {
  readonly names: Set<string>;
  readonly above: Scope | undefined;
  readonly isFunction: boolean;
}

interface Edit {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

/** Rewrites identifiers: `i` of the patch becomes `$locals.i`, which reads and writes the variable of the service. */
export function rewriteText(text: string, ast: Node, rules: RewriteRules): Rewritten {
  const rewriting = new Rewriting(rules);
  rewriting.program(ast as Tree);
  const edits = rewriting.edits.sort((a, b) => b.start - a.start);
  let result = text;
  for (const { start, end, text: inserted } of edits)
    result = result.slice(0, start) + inserted + result.slice(end);
  return { text: result, functions: [...rewriting.own] };
}

class Rewriting {
  readonly edits: Edit[] = [];
  /** What the patch itself has at its top. */
  readonly own = new Set<string>();
  readonly #rules: RewriteRules;
  /** Declared without a value: where they live. */
  readonly #joined = new Map<string, string>();
  #depth = 0;

  constructor(rules: RewriteRules) {
    this.#rules = rules;
  }

  program(ast: Tree): void {
    const body = ast['body'] as Tree[];
    for (const statement of body) this.#join(statement);
    const scope = scopeOf(undefined, true, []);
    for (const statement of body) declare(statement, scope, true);
    for (const name of this.#joined.keys()) scope.names.delete(name);
    for (const name of scope.names) this.own.add(name);
    for (const name of this.#rules.parameters) scope.names.add(name);
    for (const statement of body) this.#visit(statement, scope);
  }

  /** `let a, b;` at the top: variables of the service, or new ones that later patches share. */
  #join(statement: Tree): void {
    if (statement.type !== 'VariableDeclaration') return;
    const declarations = statement['declarations'] as Tree[];
    if (declarations.some((each) => each['init'] !== null || (each['id'] as Tree).type !== 'Identifier'))
      return;
    for (const each of declarations) {
      const name = (each['id'] as Tree)['name'] as string;
      const line = this.#rules.declared.get(name);
      if (this.#rules.isLocal(name)) this.#joined.set(name, '$locals');
      else if (line !== undefined) this.#rules.missing(name, line);
      else this.#joined.set(name, '$fresh');
    }
    this.edits.push({ start: statement.start, end: statement.end, text: ';' });
    statement.type = 'EmptyStatement';
    statement['declarations'] = [];
  }

  #visit(node: Tree, scope: Scope): void {
    switch (node.type) {
      case 'Identifier':
        this.#name(node, scope, undefined);
        return;
      case 'FunctionDeclaration':
      case 'FunctionExpression':
      case 'ArrowFunctionExpression':
        this.#function(node, scope);
        return;
      case 'ClassDeclaration':
      case 'ClassExpression': {
        const inner = scopeOf(scope, false, []);
        const id = node['id'] as Tree | null;
        if (id !== null) inner.names.add(id['name'] as string);
        if (node['superClass'] !== null) this.#visit(node['superClass'] as Tree, inner);
        this.#visit(node['body'] as Tree, inner);
        return;
      }
      case 'MemberExpression':
        this.#visit(node['object'] as Tree, scope);
        if (node['computed'] === true) this.#visit(node['property'] as Tree, scope);
        return;
      case 'Property':
        this.#property(node, scope);
        return;
      case 'MethodDefinition':
      case 'PropertyDefinition':
        if (node['computed'] === true) this.#visit(node['key'] as Tree, scope);
        if (node['value'] !== null) {
          this.#depth++;
          this.#visit(node['value'] as Tree, scope);
          this.#depth--;
        }
        return;
      case 'CallExpression': {
        const callee = node['callee'] as Tree;
        // As a plain call, so that the function does not get the accessors as `this`.
        if (callee.type === 'Identifier') this.#name(callee, scope, (name) => `(0, ${name})`);
        else this.#visit(callee, scope);
        for (const argument of node['arguments'] as Tree[]) this.#visit(argument, scope);
        return;
      }
      case 'LabeledStatement':
        this.#visit(node['body'] as Tree, scope);
        return;
      case 'BreakStatement':
      case 'ContinueStatement':
      case 'MetaProperty':
        return;
      case 'BlockStatement':
      case 'StaticBlock':
      case 'SwitchStatement':
      case 'ForStatement':
      case 'ForInStatement':
      case 'ForOfStatement':
        this.#children(node, scopeOf(scope, false, statementsIn(node)));
        return;
      case 'CatchClause': {
        const inner = scopeOf(scope, false, []);
        const param = node['param'] as Tree | null;
        if (param !== null) bind(param, inner);
        this.#children(node, inner);
        return;
      }
      default:
        this.#children(node, scope);
    }
  }

  #children(node: Tree, scope: Scope): void {
    for (const [key, value] of Object.entries(node)) {
      if (key === 'loc') continue;
      if (Array.isArray(value)) {
        for (const each of value) if (isNode(each)) this.#visit(each, scope);
      } else if (isNode(value)) this.#visit(value, scope);
    }
  }

  #function(node: Tree, scope: Scope): void {
    const inner = scopeOf(scope, true, []);
    const id = node['id'] as Tree | null | undefined;
    if (node.type === 'FunctionExpression' && id) inner.names.add(id['name'] as string);
    for (const param of node['params'] as Tree[]) bind(param, inner);
    const body = node['body'] as Tree;
    if (node.type !== 'ArrowFunctionExpression') inner.names.add('arguments');
    this.#depth++;
    if (body.type === 'BlockStatement') {
      for (const statement of body['body'] as Tree[]) declare(statement, inner, true);
      for (const param of node['params'] as Tree[]) this.#visit(param, inner);
      for (const statement of body['body'] as Tree[]) this.#visit(statement, inner);
    } else {
      for (const param of node['params'] as Tree[]) this.#visit(param, inner);
      this.#visit(body, inner);
    }
    this.#depth--;
  }

  #property(node: Tree, scope: Scope): void {
    if (node['computed'] === true) this.#visit(node['key'] as Tree, scope);
    const value = node['value'] as Tree;
    if (node['shorthand'] !== true) {
      this.#visit(value, scope);
      return;
    }
    const [target, fallback] =
      value.type === 'AssignmentPattern'
        ? [value['left'] as Tree, value['right'] as Tree]
        : [value, undefined];
    const name = target['name'] as string;
    this.#name(target, scope, (text) => `${name}: ${text}`);
    if (fallback !== undefined) this.#visit(fallback, scope);
  }

  #name(node: Tree, scope: Scope, shape: ((text: string) => string) | undefined): void {
    const name = node['name'] as string;
    if (isBound(name, scope)) return;
    const place = this.#joined.get(name) ?? this.#globalPlace(name);
    if (place === undefined) return;
    const text = `${place}.${name}`;
    this.edits.push({ start: node.start, end: node.end, text: shape === undefined ? text : shape(text) });
  }

  /** Names of the language stay; at the top of a patch, assigning to a global changes nothing in the service. */
  #globalPlace(name: string): string | undefined {
    if (name in globalThis || name === 'undefined') return undefined;
    return this.#depth === 0 ? '$top' : '$globals';
  }
}

function isNode(value: unknown): value is Tree {
  return (
    typeof value === 'object' && value !== null && typeof (value as { type?: unknown }).type === 'string'
  );
}

function isBound(name: string, scope: Scope | undefined): boolean {
  for (let at = scope; at !== undefined; at = at.above) if (at.names.has(name)) return true;
  return false;
}

function scopeOf(above: Scope | undefined, isFunction: boolean, statements: readonly Tree[]): Scope {
  const scope: Scope = { names: new Set(), above, isFunction };
  for (const statement of statements) declare(statement, scope, false);
  return scope;
}

/** Statements whose declarations belong to a block. */
function statementsIn(node: Tree): Tree[] {
  if (node.type === 'SwitchStatement')
    return (node['cases'] as Tree[]).flatMap((each) => each['consequent'] as Tree[]);
  if (node.type === 'ForStatement') return isNode(node['init']) ? [node['init']] : [];
  if (node.type === 'ForInStatement' || node.type === 'ForOfStatement') return [node['left'] as Tree];
  return node['body'] as Tree[];
}

/** Notes what a statement declares; with `hoisted`, also the `var`s inside its blocks. */
function declare(statement: Tree, scope: Scope, hoisted: boolean): void {
  switch (statement.type) {
    case 'VariableDeclaration':
      for (const each of statement['declarations'] as Tree[]) bind(each['id'] as Tree, scope);
      return;
    case 'FunctionDeclaration':
    case 'ClassDeclaration':
      bind(statement['id'] as Tree, scope);
      return;
    default:
      if (hoisted) hoist(statement, scope);
  }
}

/** Notes the `var`s inside a statement, but not those of functions in it. */
function hoist(node: Tree, scope: Scope): void {
  if (/Function|Class/.test(node.type)) return;
  if (node.type === 'VariableDeclaration' && node['kind'] === 'var') {
    for (const each of node['declarations'] as Tree[]) bind(each['id'] as Tree, scope);
    return;
  }
  for (const value of Object.values(node)) {
    if (Array.isArray(value)) {
      for (const each of value) if (isNode(each)) hoist(each, scope);
    } else if (isNode(value)) hoist(value, scope);
  }
}

/** Notes the names of a pattern. */
function bind(pattern: Tree, scope: Scope): void {
  switch (pattern.type) {
    case 'Identifier':
      scope.names.add(pattern['name'] as string);
      return;
    case 'ObjectPattern':
      for (const each of pattern['properties'] as Tree[])
        bind((each.type === 'RestElement' ? each['argument'] : each['value']) as Tree, scope);
      return;
    case 'ArrayPattern':
      for (const each of pattern['elements'] as (Tree | null)[]) if (each !== null) bind(each, scope);
      return;
    case 'AssignmentPattern':
      bind(pattern['left'] as Tree, scope);
      return;
    case 'RestElement':
      bind(pattern['argument'] as Tree, scope);
      return;
    default:
  }
}
