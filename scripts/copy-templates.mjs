// Puts the files of applications that are templates of create-skynet beside its built code: there is one copy to edit.
import { cpSync, existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import path from 'node:path';

const home = 'packages/create-skynet';
rmSync(path.join(home, 'dist/templates'), { recursive: true, force: true });
for (const name of readdirSync(path.join(home, 'templates'))) {
  const manifest = path.join(home, 'templates', name, 'template.json');
  if (!existsSync(manifest)) continue;
  const { app } = JSON.parse(readFileSync(manifest, 'utf8'));
  for (const file of app?.files ?? [])
    cpSync(path.join('apps', app.name, file), path.join(home, 'dist/templates', name, file), {
      recursive: true,
    });
}
