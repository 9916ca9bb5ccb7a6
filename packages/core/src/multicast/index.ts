export {
  type Channel,
  type ChannelId,
  type ChannelOptions,
  createMulticast,
  type Multicast,
  type MulticastErrorCode,
} from './channel.ts';
