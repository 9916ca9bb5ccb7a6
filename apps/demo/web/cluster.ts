// The page of the demo's cluster: nodes and their state, a player of each node that has some.
import type { ClusterPage, NodeState, PageNode, PagePlayer } from './cluster-state.ts';

/** Milliseconds between two looks. */
const LOOK = 250;

const WORDS: Readonly<Record<NodeState, string>> = {
  starting: 'starting since',
  up: 'up since',
  lost: 'lost since',
  back: 'back since',
};
const DOTS: Readonly<Record<NodeState, string>> = {
  starting: 'connecting',
  up: 'open',
  lost: 'closed',
  back: 'open',
};

const element = (id: string): HTMLElement => document.getElementById(id) as HTMLElement;

function make<Name extends keyof HTMLElementTagNameMap>(
  name: Name,
  properties: Partial<HTMLElementTagNameMap[Name]> = {},
  ...inside: (Node | string)[]
): HTMLElementTagNameMap[Name] {
  const made = Object.assign(document.createElement(name), properties);
  made.append(...inside);
  return made;
}

function order(path: string, words: Record<string, string>): void {
  void fetch(path, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(words),
  });
}

class NodeCard {
  readonly item: HTMLLIElement;
  readonly #text = make('span');

  constructor(name: string) {
    const end = make('button', { type: 'button', className: 'danger' }, `End ${name}`);
    end.addEventListener('click', () => order('/kill', { node: name }));
    this.item = make('li', { className: 'card row between', id: `node-${name}` });
    this.item.append(make('span', { className: 'row' }, make('span', { className: 'dot' }), this.#text), end);
  }

  show({ name, state, since, losses }: PageNode): void {
    this.item.dataset['state'] = DOTS[state];
    const times = losses === 0 ? '' : `, lost ${losses} ${losses === 1 ? 'time' : 'times'}`;
    this.#text.textContent = `${name}: ${WORDS[state]} ${new Date(since).toLocaleTimeString()}${times}`;
  }
}

class TalkCard {
  readonly section: HTMLElement;
  readonly #input: HTMLInputElement;
  readonly #send = make('button', { type: 'submit' }, 'Say');
  readonly #lines = make('ol', { className: 'plain talk' });

  constructor(node: string, { name }: PagePlayer) {
    this.#input = make('input', { maxLength: 200, autocomplete: 'off' });
    this.#input.setAttribute('aria-label', `${name} on ${node}`);
    const form = make('form', { className: 'row' }, this.#input, this.#send);
    form.addEventListener('submit', (event) => {
      event.preventDefault();
      order('/say', { node, text: this.#input.value });
      this.#input.value = '';
    });
    this.section = make('section', { className: 'card', id: `talk-${node}` });
    this.section.append(make('h2', {}, `${name} on node ${node}`), form, this.#lines);
  }

  show({ isThere, lines }: PagePlayer): void {
    this.#send.disabled = !isThere;
    this.#input.placeholder = isThere ? 'Say something' : 'The node is away';
    this.#lines.replaceChildren(...[...lines].reverse().map((line) => make('li', {}, line)));
  }
}

const nodes = new Map<string, NodeCard>();
const talk = new Map<string, TalkCard>();

function show(page: ClusterPage): void {
  for (const node of page.nodes) {
    let card = nodes.get(node.name);
    if (card === undefined) {
      card = new NodeCard(node.name);
      nodes.set(node.name, card);
      element('nodes').append(card.item);
    }
    card.show(node);
  }
  for (const [node, player] of Object.entries(page.talk)) {
    let card = talk.get(node);
    if (card === undefined) {
      card = new TalkCard(node, player);
      talk.set(node, card);
      element('talk').append(card.section);
    }
    card.show(player);
  }
}

async function look(): Promise<void> {
  try {
    show((await (await fetch('/state')).json()) as ClusterPage);
    element('problem').hidden = true;
  } catch {
    element('problem').hidden = false;
  }
  setTimeout(() => void look(), LOOK);
}

void look();
