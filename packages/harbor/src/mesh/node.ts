/** A node of a mesh, in one of its lives. */
export interface MeshNode {
  /** 1 to 255: the first byte of its handles. */
  readonly id: number;
  /** Differs from one life of a node to the next: 16 hexadecimal digits, made when the process starts. */
  readonly incarnation: string;
  /** Where its links are opened, as other nodes reach it: `ip:port`. Empty where there is no such place. */
  readonly address: string;
}

/** Whether two are the same node in the same life. */
export function isSameNode(a: MeshNode, b: MeshNode): boolean {
  return a.id === b.id && a.incarnation === b.incarnation;
}
