export { createHttpc, type Httpc, type HttpcOptions, type ResponseStream } from './book/httpc.ts';
export { type BodyFunction, type BookRequest, httpd, type ReadFailure } from './book/httpd.ts';
export {
  createSocketHelper,
  type ReadFunction,
  type SocketHelper,
  type WriteFunction,
} from './book/sockethelper.ts';
export { createHttpClient, type HttpClient, type HttpResponse } from './client/http-client.ts';
export type { HttpClientOptions, RequestOptions } from './client/options.ts';
export type { HttpErrorCode } from './errors.ts';
export type { FieldValue, HeaderFields } from './fields.ts';
export { Headers, type HeaderTable } from './headers.ts';
export type { IncomingBody } from './incoming-body.ts';
export type { Data, SocketPort, UpgradeEndpoint, Wire } from './ports.ts';
export type { ListeningPort, ServeOptions, ServerOptions } from './server/options.ts';
export { type FullReply, json, type Reply, type ReplyBody } from './server/reply.ts';
export type { Handler, HttpRequest } from './server/request.ts';
export type { Routes } from './server/router.ts';
export { type HttpServer, type SocketServer, serve, serveSockets } from './server/server.ts';
export { bytesOf, textOf } from './text.ts';
export { type ParsedUrl, type QueryTable, url } from './url.ts';
