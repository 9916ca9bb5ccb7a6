// Makes constants again of what bundles declare with `var` and never assign to later. V8 takes a variable's value for known only
// then, and makes functions part of the code that calls them.
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { parseAst } from 'vite';

/** All names that a part of a program assigns to behind a declaration, whichever variable of that name it is. */
function assigned(node, names = new Set()) {
  if (node === null || typeof node !== 'object') return names;
  if (node.type === 'AssignmentExpression') addTargets(node.left, names);
  else if (node.type === 'UpdateExpression') addTargets(node.argument, names);
  else if (node.type === 'ForInStatement' || node.type === 'ForOfStatement') addTargets(node.left, names);
  for (const part of Object.values(node)) assigned(part, names);
  return names;
}

/** The names in what is assigned to: a name or a pattern; a property is no variable. */
function addTargets(node, names) {
  if (node === null || typeof node !== 'object' || node.type === 'MemberExpression') return;
  if (node.type === 'Identifier') names.add(node.name);
  for (const part of Object.values(node)) addTargets(part, names);
}

/** A program with those declarations changed. */
function withConstants(text) {
  const program = parseAst(text);
  const names = assigned(program);
  let changed = text;
  for (const { type, kind, start, declarations } of program.body) {
    if (type !== 'VariableDeclaration' || kind !== 'var' || declarations.length !== 1) continue;
    const [{ id, init }] = declarations;
    if (id.type !== 'Identifier' || names.has(id.name) || text.slice(id.end, init?.start) !== ' = ') continue;
    // As long as before: source maps hold.
    changed = `${changed.slice(0, start)}const ${id.name}=${changed.slice(init.start)}`;
  }
  return changed;
}

for (const name of readdirSync('packages')) {
  const dist = path.join('packages', name, 'dist');
  if (!existsSync(dist)) continue;
  for (const file of readdirSync(dist, { recursive: true, encoding: 'utf8' })) {
    if (!file.endsWith('.js')) continue;
    const whole = path.join(dist, file);
    const text = readFileSync(whole, 'utf8');
    const changed = withConstants(text);
    if (changed !== text) writeFileSync(whole, changed);
  }
}
