// Where the rooms of the node are: one service, started by whoever joins a room first.
import {
  defineService,
  type Handle,
  type PlacedService,
  type ServiceDefinition,
  type Skynet,
} from '@skynet/core';
import type { RoomCommands } from './rooms/room.ts';

/** Where a room is. */
export interface RoomPlaces {
  /** Its service. */
  readonly room: Handle;
  /** Number of the channel on which it broadcasts. */
  readonly channel: number;
}

/**
 * Finds rooms by kind and name, and starts those that are not there. A player's package provides it; one for the
 * whole node.
 */
const roomd: ServiceDefinition = defineService(function roomd(skynet: Skynet) {
  const rooms = new Map<string, Promise<RoomPlaces>>();

  const start = async (place: PlacedService, name: string, key: string): Promise<RoomPlaces> => {
    const room = await skynet.newService(place, { name });
    skynet.watch(room, () => rooms.delete(key));
    const channel = await skynet.proxy<RoomCommands>(room).channel();
    return { room, channel };
  };

  return {
    /** The room of a kind and a name; starts it if there is none. @throws what its start throws. */
    find(place: PlacedService, name: string): Promise<RoomPlaces> {
      const key = `${place.name}\0${name}`;
      const known = rooms.get(key);
      if (known !== undefined) return known;
      const starting = start(place, name, key);
      rooms.set(key, starting);
      starting.catch(() => rooms.delete(key));
      return starting;
    },
    /** How many there are. */
    count: (): number => rooms.size,
  };
});
export default roomd;
