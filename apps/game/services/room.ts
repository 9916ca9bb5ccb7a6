// A room: a field with a dot for each player. Who has no connection keeps the seat for half a minute.
import { defineRoom, type Member } from '@skynet/player';
import { type Dot, pushes } from '../pushes.ts';

/** How far a dot comes in a second. */
const SPEED = 0.5;

export default defineRoom({ pushes, seats: 100, keepSeat: '30s', tick: '50ms' }, (_skynet, room) => {
  const fields = new Map<Member, { x: number; y: number; toX: number; toY: number }>();
  const dotOf = ({ uid }: Member, { x, y }: { x: number; y: number }): Dot => ({ uid, x, y });

  return {
    join(member) {
      const x = Math.random();
      const y = Math.random();
      fields.set(member, { x, y, toX: x, toY: y });
      room.broadcast('said', { from: '', text: `${member.uid} is here` });
      room.broadcast('moved', [{ uid: member.uid, x, y }]);
    },
    leave(member, reason) {
      fields.delete(member);
      room.broadcast('gone', member.uid);
      room.broadcast('said', {
        from: '',
        text: `${member.uid} has gone${reason === 'away' ? ', away for too long' : ''}`,
      });
    },
    lost: (member) => room.broadcast('said', { from: '', text: `${member.uid} has lost the connection` }),
    back: (member) => room.broadcast('said', { from: '', text: `${member.uid} is back` }),
    tick({ time }) {
      const moved: Dot[] = [];
      const step = (SPEED * time) / 1000;
      for (const [member, field] of fields) {
        const { x, y, toX, toY } = field;
        const far = Math.hypot(toX - x, toY - y);
        if (far === 0) continue;
        const part = Math.min(1, step / far);
        field.x = part === 1 ? toX : x + (toX - x) * part;
        field.y = part === 1 ? toY : y + (toY - y) * part;
        moved.push(dotOf(member, field));
      }
      if (moved.length > 0) room.broadcast('moved', moved);
    },
    commands: {
      say: (member, words: string) => room.broadcast('said', { from: member.uid, text: words }),
      steer(member, x: number, y: number) {
        const field = fields.get(member);
        if (field !== undefined) Object.assign(field, { toX: x, toY: y });
      },
      dots: () => [...fields].map(([member, field]) => dotOf(member, field)),
    },
  };
});
