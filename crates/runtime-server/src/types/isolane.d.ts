// What a worker finds in Isolane, for TypeScript's checker: `isolane types` writes this file. It takes the place of
// TypeScript's own "dom" and "webworker" libraries, which describe more than there is:
//   "compilerOptions": { "lib": ["esnext"], "types": [] }

// --- The worker itself ----------------------------------------------------------------------------------------------

/** What the main module exports as its default. `Env` is what the worker finds in `env`. */
interface ExportedHandler<Env = Record<string, any>, Payload = any> {
  fetch?(request: Request, env: Env, context: ExecutionContext): Response | Promise<Response>;
  scheduled?(controller: ScheduledController, env: Env, context: ExecutionContext): unknown;
  task?(task: Task<Payload>, env: Env, context: ExecutionContext): unknown;
}

/** A task event, as `task` gets it. */
interface Task<Payload = any> {
  name: string;
  payload: Payload;
  attempt: number;
  scheduledTime: number | undefined;
}

declare class ExecutionContext {
  private constructor();
  waitUntil(promise: unknown): void;
  passThroughOnException(): void;
}

declare class ScheduledController {
  private constructor();
  readonly cron: string;
  readonly scheduledTime: number;
  noRetry(): void;
}

declare class ExtendableEvent extends Event {
  protected constructor();
  readonly env: Record<string, any>;
  waitUntil(promise: unknown): void;
}

declare class FetchEvent extends ExtendableEvent {
  private constructor();
  readonly request: Request;
  respondWith(response: Response | Promise<Response>): void;
  passThroughOnException(): void;
}

declare class ScheduledEvent extends ExtendableEvent {
  private constructor();
  readonly cron: string;
  readonly scheduledTime: number;
}

declare class TaskEvent extends ExtendableEvent {
  private constructor();
  readonly name: string;
  readonly payload: any;
  readonly attempt: number;
  readonly scheduledTime: number | undefined;
  respondWith(result: unknown): void;
}

interface ImportMeta {
  readonly url: string;
  readonly main: boolean;
}

declare module "*.txt" {
  const text: string;
  export default text;
}
declare module "*.html" {
  const text: string;
  export default text;
}
declare module "*.htm" {
  const text: string;
  export default text;
}
declare module "*.sql" {
  const text: string;
  export default text;
}
declare module "*.md" {
  const text: string;
  export default text;
}
declare module "*.csv" {
  const text: string;
  export default text;
}
declare module "*.css" {
  const text: string;
  export default text;
}
declare module "*.svg" {
  const text: string;
  export default text;
}
declare module "*.xml" {
  const text: string;
  export default text;
}
declare module "*.bin" {
  const data: ArrayBuffer;
  export default data;
}
declare module "*.wasm" {
  const module: WebAssembly.Module;
  export default module;
}
declare module "*.wasm?module" {
  const module: WebAssembly.Module;
  export default module;
}

// --- The global object ----------------------------------------------------------------------------------------------

interface WorkerGlobalEventMap {
  error: ErrorEvent;
  fetch: FetchEvent;
  rejectionhandled: PromiseRejectionEvent;
  scheduled: ScheduledEvent;
  task: TaskEvent;
  unhandledrejection: PromiseRejectionEvent;
}

declare class WorkerGlobalScope extends EventTarget {
  protected constructor();
  self: typeof globalThis;
  navigator: Navigator;
  location?: WorkerLocation;
  origin?: string;
  crypto: Crypto;
  performance: Performance;
  scheduler: Scheduler;
  onerror: ((event: ErrorEvent) => unknown) | null;
  onunhandledrejection: ((event: PromiseRejectionEvent) => unknown) | null;
  onrejectionhandled: ((event: PromiseRejectionEvent) => unknown) | null;
}
declare class ServiceWorkerGlobalScope extends WorkerGlobalScope {
  private constructor();
}

declare var self: typeof globalThis;
declare var navigator: Navigator;
/** Of a worker that its host has given a location; else there is none. */
declare var location: WorkerLocation | undefined;
/** Of a worker that its host has given a location; else there is none. */
declare var origin: string | undefined;
declare var crypto: Crypto;
declare var performance: Performance;
declare var console: Console;
declare var scheduler: Scheduler;

declare var onerror: ((event: ErrorEvent) => unknown) | null;
declare var onunhandledrejection: ((event: PromiseRejectionEvent) => unknown) | null;
declare var onrejectionhandled: ((event: PromiseRejectionEvent) => unknown) | null;

declare function addEventListener<Type extends keyof WorkerGlobalEventMap>(
  type: Type, listener: ((event: WorkerGlobalEventMap[Type]) => unknown) | null, options?: AddEventListenerOptions | boolean,
): void;
declare function addEventListener(
  type: string, listener: EventListenerOrEventListenerObject | null, options?: AddEventListenerOptions | boolean,
): void;
declare function removeEventListener<Type extends keyof WorkerGlobalEventMap>(
  type: Type, listener: ((event: WorkerGlobalEventMap[Type]) => unknown) | null, options?: EventListenerOptions | boolean,
): void;
declare function removeEventListener(
  type: string, listener: EventListenerOrEventListenerObject | null, options?: EventListenerOptions | boolean,
): void;
declare function dispatchEvent(event: Event): boolean;

declare function fetch(input: RequestInfo | URL, init?: RequestInit): Promise<Response>;
declare function setTimeout(handler: (...args: any[]) => void, timeout?: number, ...args: any[]): number;
declare function setInterval(handler: (...args: any[]) => void, timeout?: number, ...args: any[]): number;
declare function clearTimeout(id?: number): void;
declare function clearInterval(id?: number): void;
declare function queueMicrotask(callback: () => void): void;
declare function structuredClone<Value = any>(value: Value, options?: StructuredSerializeOptions): Value;
declare function reportError(error: unknown): void;
declare function atob(data: string): string;
declare function btoa(data: string): string;

declare class Navigator {
  private constructor();
  readonly userAgent: string;
}

declare class WorkerLocation {
  private constructor();
  readonly href: string;
  readonly origin: string;
  readonly protocol: string;
  readonly host: string;
  readonly hostname: string;
  readonly port: string;
  readonly pathname: string;
  readonly search: string;
  readonly hash: string;
  toString(): string;
}

declare class Scheduler {
  private constructor();
  postTask<Result>(callback: () => Result, options?: SchedulerPostTaskOptions): Promise<Awaited<Result>>;
  wait(delay: number, options?: { signal?: AbortSignal }): Promise<void>;
  yield(): Promise<void>;
}

type TaskPriority = "user-blocking" | "user-visible" | "background";
interface SchedulerPostTaskOptions {
  delay?: number;
  priority?: TaskPriority;
  signal?: AbortSignal;
}

declare class TaskController extends AbortController {
  constructor(init?: { priority?: TaskPriority });
  readonly signal: TaskSignal;
  setPriority(priority: TaskPriority): void;
}

declare class TaskSignal extends AbortSignal {
  private constructor();
  static any(signals: Iterable<AbortSignal>, init?: { priority?: TaskPriority | TaskSignal }): TaskSignal;
  readonly priority: TaskPriority;
  onprioritychange: ((event: TaskPriorityChangeEvent) => unknown) | null;
}

declare class TaskPriorityChangeEvent extends Event {
  constructor(type: string, init: EventInit & { previousPriority: TaskPriority });
  readonly previousPriority: TaskPriority;
}

interface StructuredSerializeOptions {
  transfer?: Transferable[];
}

type Transferable = ArrayBuffer | MessagePort | ReadableStream | WritableStream | TransformStream;
type BufferSource = ArrayBufferView | ArrayBuffer;
type AllowSharedBufferSource = ArrayBufferView | ArrayBuffer | SharedArrayBuffer;

interface Console {
  assert(condition?: unknown, ...data: unknown[]): void;
  clear(): void;
  count(label?: string): void;
  countReset(label?: string): void;
  debug(...data: unknown[]): void;
  dir(item?: unknown, options?: object | null): void;
  dirxml(...data: unknown[]): void;
  error(...data: unknown[]): void;
  group(...data: unknown[]): void;
  groupCollapsed(...data: unknown[]): void;
  groupEnd(): void;
  info(...data: unknown[]): void;
  log(...data: unknown[]): void;
  table(data?: unknown, properties?: string[]): void;
  time(label?: string): void;
  timeEnd(label?: string): void;
  timeLog(label?: string, ...data: unknown[]): void;
  trace(...data: unknown[]): void;
  warn(...data: unknown[]): void;
}

// --- Events ---------------------------------------------------------------------------------------------------------

interface EventInit {
  bubbles?: boolean;
  cancelable?: boolean;
  composed?: boolean;
}

declare class Event {
  constructor(type: string, init?: EventInit);
  static readonly NONE: 0;
  static readonly CAPTURING_PHASE: 1;
  static readonly AT_TARGET: 2;
  static readonly BUBBLING_PHASE: 3;
  readonly NONE: 0;
  readonly CAPTURING_PHASE: 1;
  readonly AT_TARGET: 2;
  readonly BUBBLING_PHASE: 3;
  readonly type: string;
  readonly target: EventTarget | null;
  readonly srcElement: EventTarget | null;
  readonly currentTarget: EventTarget | null;
  readonly eventPhase: number;
  readonly bubbles: boolean;
  readonly cancelable: boolean;
  readonly composed: boolean;
  readonly defaultPrevented: boolean;
  readonly isTrusted: boolean;
  readonly timeStamp: number;
  cancelBubble: boolean;
  returnValue: boolean;
  composedPath(): EventTarget[];
  initEvent(type: string, bubbles?: boolean, cancelable?: boolean): void;
  preventDefault(): void;
  stopImmediatePropagation(): void;
  stopPropagation(): void;
}

interface EventListenerOptions {
  capture?: boolean;
}
interface AddEventListenerOptions extends EventListenerOptions {
  once?: boolean;
  passive?: boolean;
  signal?: AbortSignal;
}
interface EventListener {
  (event: Event): unknown;
}
interface EventListenerObject {
  handleEvent(event: Event): unknown;
}
type EventListenerOrEventListenerObject = EventListener | EventListenerObject | ((event: any) => unknown);

declare class EventTarget {
  constructor();
  addEventListener(
    type: string, listener: EventListenerOrEventListenerObject | null, options?: AddEventListenerOptions | boolean,
  ): void;
  removeEventListener(
    type: string, listener: EventListenerOrEventListenerObject | null, options?: EventListenerOptions | boolean,
  ): void;
  dispatchEvent(event: Event): boolean;
}

declare class CustomEvent<Detail = any> extends Event {
  constructor(type: string, init?: EventInit & { detail?: Detail });
  readonly detail: Detail;
  initCustomEvent(type: string, bubbles?: boolean, cancelable?: boolean, detail?: Detail): void;
}

declare class ErrorEvent extends Event {
  constructor(type: string, init?: EventInit & {
    message?: string; filename?: string; lineno?: number; colno?: number; error?: any;
  });
  readonly message: string;
  readonly filename: string;
  readonly lineno: number;
  readonly colno: number;
  readonly error: any;
}

interface MessageEventInit<Data = any> extends EventInit {
  data?: Data;
  origin?: string;
  lastEventId?: string;
  source?: MessagePort | null;
  ports?: MessagePort[];
}

declare class MessageEvent<Data = any> extends Event {
  constructor(type: string, init?: MessageEventInit<Data>);
  readonly data: Data;
  readonly origin: string;
  readonly lastEventId: string;
  readonly source: MessagePort | null;
  readonly ports: readonly MessagePort[];
  initMessageEvent(
    type: string, bubbles?: boolean, cancelable?: boolean, data?: Data, origin?: string, lastEventId?: string,
    source?: MessagePort | null, ports?: MessagePort[],
  ): void;
}

declare class PromiseRejectionEvent extends Event {
  constructor(type: string, init: EventInit & { promise: Promise<any>; reason?: any });
  readonly promise: Promise<any>;
  readonly reason: any;
}

declare class ProgressEvent extends Event {
  constructor(type: string, init?: EventInit & { lengthComputable?: boolean; loaded?: number; total?: number });
  readonly lengthComputable: boolean;
  readonly loaded: number;
  readonly total: number;
}

declare class CloseEvent extends Event {
  constructor(type: string, init?: EventInit & { wasClean?: boolean; code?: number; reason?: string });
  readonly wasClean: boolean;
  readonly code: number;
  readonly reason: string;
}

declare class MessageChannel {
  constructor();
  readonly port1: MessagePort;
  readonly port2: MessagePort;
}

declare class MessagePort extends EventTarget {
  private constructor();
  onmessage: ((event: MessageEvent) => unknown) | null;
  onmessageerror: ((event: MessageEvent) => unknown) | null;
  onclose: ((event: Event) => unknown) | null;
  postMessage(message: any, options?: Transferable[] | StructuredSerializeOptions): void;
  start(): void;
  close(): void;
}

declare class BroadcastChannel extends EventTarget {
  constructor(name: string);
  readonly name: string;
  onmessage: ((event: MessageEvent) => unknown) | null;
  onmessageerror: ((event: MessageEvent) => unknown) | null;
  postMessage(message: any): void;
  close(): void;
}

declare class AbortController {
  constructor();
  readonly signal: AbortSignal;
  abort(reason?: any): void;
}

declare class AbortSignal extends EventTarget {
  protected constructor();
  static abort(reason?: any): AbortSignal;
  static any(signals: Iterable<AbortSignal>): AbortSignal;
  static timeout(milliseconds: number): AbortSignal;
  readonly aborted: boolean;
  readonly reason: any;
  onabort: ((event: Event) => unknown) | null;
  throwIfAborted(): void;
}

declare class DOMException extends Error {
  constructor(message?: string, nameOrOptions?: string | { name?: string; cause?: unknown });
  static readonly INDEX_SIZE_ERR: 1;
  static readonly DOMSTRING_SIZE_ERR: 2;
  static readonly HIERARCHY_REQUEST_ERR: 3;
  static readonly WRONG_DOCUMENT_ERR: 4;
  static readonly INVALID_CHARACTER_ERR: 5;
  static readonly NO_DATA_ALLOWED_ERR: 6;
  static readonly NO_MODIFICATION_ALLOWED_ERR: 7;
  static readonly NOT_FOUND_ERR: 8;
  static readonly NOT_SUPPORTED_ERR: 9;
  static readonly INUSE_ATTRIBUTE_ERR: 10;
  static readonly INVALID_STATE_ERR: 11;
  static readonly SYNTAX_ERR: 12;
  static readonly INVALID_MODIFICATION_ERR: 13;
  static readonly NAMESPACE_ERR: 14;
  static readonly INVALID_ACCESS_ERR: 15;
  static readonly VALIDATION_ERR: 16;
  static readonly TYPE_MISMATCH_ERR: 17;
  static readonly SECURITY_ERR: 18;
  static readonly NETWORK_ERR: 19;
  static readonly ABORT_ERR: 20;
  static readonly URL_MISMATCH_ERR: 21;
  static readonly QUOTA_EXCEEDED_ERR: 22;
  static readonly TIMEOUT_ERR: 23;
  static readonly INVALID_NODE_TYPE_ERR: 24;
  static readonly DATA_CLONE_ERR: 25;
  readonly INDEX_SIZE_ERR: 1;
  readonly DOMSTRING_SIZE_ERR: 2;
  readonly HIERARCHY_REQUEST_ERR: 3;
  readonly WRONG_DOCUMENT_ERR: 4;
  readonly INVALID_CHARACTER_ERR: 5;
  readonly NO_DATA_ALLOWED_ERR: 6;
  readonly NO_MODIFICATION_ALLOWED_ERR: 7;
  readonly NOT_FOUND_ERR: 8;
  readonly NOT_SUPPORTED_ERR: 9;
  readonly INUSE_ATTRIBUTE_ERR: 10;
  readonly INVALID_STATE_ERR: 11;
  readonly SYNTAX_ERR: 12;
  readonly INVALID_MODIFICATION_ERR: 13;
  readonly NAMESPACE_ERR: 14;
  readonly INVALID_ACCESS_ERR: 15;
  readonly VALIDATION_ERR: 16;
  readonly TYPE_MISMATCH_ERR: 17;
  readonly SECURITY_ERR: 18;
  readonly NETWORK_ERR: 19;
  readonly ABORT_ERR: 20;
  readonly URL_MISMATCH_ERR: 21;
  readonly QUOTA_EXCEEDED_ERR: 22;
  readonly TIMEOUT_ERR: 23;
  readonly INVALID_NODE_TYPE_ERR: 24;
  readonly DATA_CLONE_ERR: 25;
  readonly name: string;
  readonly message: string;
  readonly code: number;
}

// --- URL ------------------------------------------------------------------------------------------------------------

declare class URL {
  constructor(url: string | URL, base?: string | URL);
  static canParse(url: string | URL, base?: string | URL): boolean;
  static parse(url: string | URL, base?: string | URL): URL | null;
  static createObjectURL(object: Blob): string;
  static revokeObjectURL(url: string): void;
  href: string;
  readonly origin: string;
  protocol: string;
  username: string;
  password: string;
  host: string;
  hostname: string;
  port: string;
  pathname: string;
  search: string;
  readonly searchParams: URLSearchParams;
  hash: string;
  toJSON(): string;
  toString(): string;
}

declare class URLSearchParams implements Iterable<[string, string]> {
  constructor(init?: Iterable<[string, string]> | [string, string][] | Record<string, string> | string | URLSearchParams);
  readonly size: number;
  append(name: string, value: string): void;
  delete(name: string, value?: string): void;
  get(name: string): string | null;
  getAll(name: string): string[];
  has(name: string, value?: string): boolean;
  set(name: string, value: string): void;
  sort(): void;
  forEach(callback: (value: string, key: string, parent: URLSearchParams) => void, thisArgument?: any): void;
  entries(): IterableIterator<[string, string]>;
  keys(): IterableIterator<string>;
  values(): IterableIterator<string>;
  toString(): string;
  [Symbol.iterator](): IterableIterator<[string, string]>;
}

interface URLPatternInit {
  protocol?: string;
  username?: string;
  password?: string;
  hostname?: string;
  port?: string;
  pathname?: string;
  search?: string;
  hash?: string;
  baseURL?: string;
}
type URLPatternComponent = "protocol" | "username" | "password" | "hostname" | "port" | "pathname" | "search" | "hash";
type URLPatternInput = string | URLPatternInit;
interface URLPatternComponentResult {
  input: string;
  groups: Record<string, string | undefined>;
}
interface URLPatternResult {
  inputs: URLPatternInput[];
  protocol: URLPatternComponentResult;
  username: URLPatternComponentResult;
  password: URLPatternComponentResult;
  hostname: URLPatternComponentResult;
  port: URLPatternComponentResult;
  pathname: URLPatternComponentResult;
  search: URLPatternComponentResult;
  hash: URLPatternComponentResult;
}

declare class URLPattern {
  constructor(input?: URLPatternInput, baseURL?: string, options?: { ignoreCase?: boolean });
  constructor(input?: URLPatternInput, options?: { ignoreCase?: boolean });
  readonly protocol: string;
  readonly username: string;
  readonly password: string;
  readonly hostname: string;
  readonly port: string;
  readonly pathname: string;
  readonly search: string;
  readonly hash: string;
  readonly hasRegExpGroups: boolean;
  test(input?: URLPatternInput, baseURL?: string): boolean;
  exec(input?: URLPatternInput, baseURL?: string): URLPatternResult | null;
  generate(component: URLPatternComponent, groups: Record<string, string>): string;
  static compareComponent(component: URLPatternComponent, left: URLPattern, right: URLPattern): -1 | 0 | 1;
}

// --- Fetch ----------------------------------------------------------------------------------------------------------

type HeadersInit = Headers | Iterable<readonly [string, string]> | readonly (readonly [string, string])[] | Record<string, string>;
type BodyInit = ReadableStream | Blob | BufferSource | FormData | URLSearchParams | string;
type RequestInfo = Request | string;

declare class Headers implements Iterable<[string, string]> {
  constructor(init?: HeadersInit);
  append(name: string, value: string): void;
  delete(name: string): void;
  get(name: string): string | null;
  getSetCookie(): string[];
  has(name: string): boolean;
  set(name: string, value: string): void;
  forEach(callback: (value: string, key: string, parent: Headers) => void, thisArgument?: any): void;
  entries(): IterableIterator<[string, string]>;
  keys(): IterableIterator<string>;
  values(): IterableIterator<string>;
  [Symbol.iterator](): IterableIterator<[string, string]>;
}

interface RequestInit {
  method?: string;
  headers?: HeadersInit;
  body?: BodyInit | null;
  redirect?: "follow" | "error" | "manual";
  signal?: AbortSignal | null;
  duplex?: "half";
  referrer?: string;
  referrerPolicy?: string;
  mode?: "cors" | "no-cors" | "same-origin";
  credentials?: "omit" | "same-origin" | "include";
  cache?: string;
  integrity?: string;
  keepalive?: boolean;
  window?: null;
}

declare class Request {
  constructor(input: RequestInfo | URL, init?: RequestInit);
  readonly method: string;
  readonly url: string;
  readonly headers: Headers;
  readonly destination: string;
  readonly referrer: string;
  readonly referrerPolicy: string;
  readonly mode: string;
  readonly credentials: string;
  readonly cache: string;
  readonly redirect: "follow" | "error" | "manual";
  readonly integrity: string;
  readonly keepalive: boolean;
  readonly isReloadNavigation: boolean;
  readonly isHistoryNavigation: boolean;
  readonly signal: AbortSignal;
  readonly duplex: "half";
  readonly body: ReadableStream<Uint8Array<ArrayBuffer>> | null;
  readonly bodyUsed: boolean;
  clone(): Request;
  arrayBuffer(): Promise<ArrayBuffer>;
  blob(): Promise<Blob>;
  bytes(): Promise<Uint8Array<ArrayBuffer>>;
  formData(): Promise<FormData>;
  json<Value = any>(): Promise<Value>;
  text(): Promise<string>;
}

interface ResponseInit {
  status?: number;
  statusText?: string;
  headers?: HeadersInit;
  webSocket?: WebSocket | null;
}

declare class Response {
  constructor(body?: BodyInit | null, init?: ResponseInit);
  static error(): Response;
  static json(data: any, init?: ResponseInit): Response;
  static redirect(url: string | URL, status?: number): Response;
  readonly type: string;
  readonly url: string;
  readonly redirected: boolean;
  readonly status: number;
  readonly ok: boolean;
  readonly statusText: string;
  readonly headers: Headers;
  readonly webSocket: WebSocket | null;
  readonly body: ReadableStream<Uint8Array<ArrayBuffer>> | null;
  readonly bodyUsed: boolean;
  clone(): Response;
  arrayBuffer(): Promise<ArrayBuffer>;
  blob(): Promise<Blob>;
  bytes(): Promise<Uint8Array<ArrayBuffer>>;
  formData(): Promise<FormData>;
  json<Value = any>(): Promise<Value>;
  text(): Promise<string>;
}

type BlobPart = BufferSource | Blob | string;

declare class Blob {
  constructor(parts?: Iterable<BlobPart>, options?: { type?: string; endings?: "transparent" | "native" });
  readonly size: number;
  readonly type: string;
  arrayBuffer(): Promise<ArrayBuffer>;
  bytes(): Promise<Uint8Array<ArrayBuffer>>;
  slice(start?: number, end?: number, type?: string): Blob;
  stream(): ReadableStream<Uint8Array<ArrayBuffer>>;
  text(): Promise<string>;
}

declare class File extends Blob {
  constructor(parts: Iterable<BlobPart>, name: string, options?: {
    type?: string; endings?: "transparent" | "native"; lastModified?: number;
  });
  readonly name: string;
  readonly lastModified: number;
}

declare class FileReader extends EventTarget {
  constructor();
  static readonly EMPTY: 0;
  static readonly LOADING: 1;
  static readonly DONE: 2;
  readonly EMPTY: 0;
  readonly LOADING: 1;
  readonly DONE: 2;
  readonly readyState: number;
  readonly result: string | ArrayBuffer | null;
  readonly error: DOMException | null;
  onabort: ((event: ProgressEvent) => unknown) | null;
  onerror: ((event: ProgressEvent) => unknown) | null;
  onload: ((event: ProgressEvent) => unknown) | null;
  onloadend: ((event: ProgressEvent) => unknown) | null;
  onloadstart: ((event: ProgressEvent) => unknown) | null;
  onprogress: ((event: ProgressEvent) => unknown) | null;
  abort(): void;
  readAsArrayBuffer(blob: Blob): void;
  readAsBinaryString(blob: Blob): void;
  readAsDataURL(blob: Blob): void;
  readAsText(blob: Blob, encoding?: string): void;
}

declare class FileReaderSync {
  constructor();
  readAsArrayBuffer(blob: Blob): ArrayBuffer;
  readAsBinaryString(blob: Blob): string;
  readAsDataURL(blob: Blob): string;
  readAsText(blob: Blob, encoding?: string): string;
}

declare class FileList {
  private constructor();
  readonly length: number;
  item(index: number): File | null;
}

type FormDataEntryValue = File | string;

declare class FormData implements Iterable<[string, FormDataEntryValue]> {
  constructor();
  append(name: string, value: string | Blob, filename?: string): void;
  delete(name: string): void;
  get(name: string): FormDataEntryValue | null;
  getAll(name: string): FormDataEntryValue[];
  has(name: string): boolean;
  set(name: string, value: string | Blob, filename?: string): void;
  forEach(callback: (value: FormDataEntryValue, key: string, parent: FormData) => void, thisArgument?: any): void;
  entries(): IterableIterator<[string, FormDataEntryValue]>;
  keys(): IterableIterator<string>;
  values(): IterableIterator<FormDataEntryValue>;
  [Symbol.iterator](): IterableIterator<[string, FormDataEntryValue]>;
}

interface WebSocketEventMap {
  close: CloseEvent;
  error: ErrorEvent;
  message: MessageEvent;
  open: Event;
}

declare class WebSocket extends EventTarget {
  constructor(url: string | URL, protocols?: string | string[]);
  static readonly CONNECTING: 0;
  static readonly OPEN: 1;
  static readonly CLOSING: 2;
  static readonly CLOSED: 3;
  readonly CONNECTING: 0;
  readonly OPEN: 1;
  readonly CLOSING: 2;
  readonly CLOSED: 3;
  readonly url: string;
  readonly readyState: number;
  readonly bufferedAmount: number;
  readonly extensions: string;
  readonly protocol: string;
  binaryType: "blob" | "arraybuffer";
  onopen: ((event: Event) => unknown) | null;
  onerror: ((event: ErrorEvent) => unknown) | null;
  onclose: ((event: CloseEvent) => unknown) | null;
  onmessage: ((event: MessageEvent) => unknown) | null;
  accept(): void;
  close(code?: number, reason?: string): void;
  send(data: string | BufferSource | Blob): void;
  addEventListener<Type extends keyof WebSocketEventMap>(
    type: Type, listener: ((event: WebSocketEventMap[Type]) => unknown) | null, options?: AddEventListenerOptions | boolean,
  ): void;
  addEventListener(
    type: string, listener: EventListenerOrEventListenerObject | null, options?: AddEventListenerOptions | boolean,
  ): void;
}

declare class WebSocketPair {
  constructor();
  readonly 0: WebSocket;
  readonly 1: WebSocket;
}

interface WebSocketCloseInfo {
  closeCode?: number;
  reason?: string;
}

interface WebSocketOpenInfo {
  readable: ReadableStream<string | Uint8Array<ArrayBuffer>>;
  writable: WritableStream<string | BufferSource>;
  extensions: string;
  protocol: string;
}

declare class WebSocketStream {
  constructor(url: string | URL, options?: { protocols?: Iterable<string>; signal?: AbortSignal });
  readonly url: string;
  readonly opened: Promise<WebSocketOpenInfo>;
  readonly closed: Promise<Required<WebSocketCloseInfo>>;
  close(closeInfo?: WebSocketCloseInfo): void;
}

declare class WebSocketError extends DOMException {
  constructor(message?: string, init?: WebSocketCloseInfo);
  readonly closeCode: number | null;
  readonly reason: string;
}

declare class EventSource extends EventTarget {
  constructor(url: string | URL, init?: { withCredentials?: boolean });
  static readonly CONNECTING: 0;
  static readonly OPEN: 1;
  static readonly CLOSED: 2;
  readonly CONNECTING: 0;
  readonly OPEN: 1;
  readonly CLOSED: 2;
  readonly url: string;
  readonly withCredentials: boolean;
  readonly readyState: number;
  onopen: ((event: Event) => unknown) | null;
  onmessage: ((event: MessageEvent) => unknown) | null;
  onerror: ((event: Event) => unknown) | null;
  close(): void;
}

// --- Encoding and compression ---------------------------------------------------------------------------------------

declare class TextEncoder {
  constructor();
  readonly encoding: string;
  encode(input?: string): Uint8Array<ArrayBuffer>;
  encodeInto(source: string, destination: Uint8Array): { read: number; written: number };
}

interface TextDecoderOptions {
  fatal?: boolean;
  ignoreBOM?: boolean;
}

declare class TextDecoder {
  constructor(label?: string, options?: TextDecoderOptions);
  readonly encoding: string;
  readonly fatal: boolean;
  readonly ignoreBOM: boolean;
  decode(input?: AllowSharedBufferSource, options?: { stream?: boolean }): string;
}

declare class TextEncoderStream {
  constructor();
  readonly encoding: string;
  readonly readable: ReadableStream<Uint8Array<ArrayBuffer>>;
  readonly writable: WritableStream<string>;
}

declare class TextDecoderStream {
  constructor(label?: string, options?: TextDecoderOptions);
  readonly encoding: string;
  readonly fatal: boolean;
  readonly ignoreBOM: boolean;
  readonly readable: ReadableStream<string>;
  readonly writable: WritableStream<BufferSource>;
}

type CompressionFormat = "brotli" | "deflate" | "deflate-raw" | "gzip";

declare class CompressionStream {
  constructor(format: CompressionFormat);
  readonly readable: ReadableStream<Uint8Array<ArrayBuffer>>;
  readonly writable: WritableStream<BufferSource>;
}

declare class DecompressionStream {
  constructor(format: CompressionFormat);
  readonly readable: ReadableStream<Uint8Array<ArrayBuffer>>;
  readonly writable: WritableStream<BufferSource>;
}

// --- Streams --------------------------------------------------------------------------------------------------------

interface QueuingStrategy<Chunk = any> {
  highWaterMark?: number;
  size?(chunk: Chunk): number;
}
interface StreamPipeOptions {
  preventAbort?: boolean;
  preventCancel?: boolean;
  preventClose?: boolean;
  signal?: AbortSignal;
}
interface ReadableWritablePair<Out = any, In = any> {
  readable: ReadableStream<Out>;
  writable: WritableStream<In>;
}
interface UnderlyingSource<Chunk = any> {
  type?: undefined;
  start?(controller: ReadableStreamDefaultController<Chunk>): unknown;
  pull?(controller: ReadableStreamDefaultController<Chunk>): unknown;
  cancel?(reason?: any): unknown;
}
interface UnderlyingByteSource {
  type: "bytes";
  autoAllocateChunkSize?: number;
  start?(controller: ReadableByteStreamController): unknown;
  pull?(controller: ReadableByteStreamController): unknown;
  cancel?(reason?: any): unknown;
}
interface UnderlyingSink<Chunk = any> {
  start?(controller: WritableStreamDefaultController): unknown;
  write?(chunk: Chunk, controller: WritableStreamDefaultController): unknown;
  close?(): unknown;
  abort?(reason?: any): unknown;
}
interface Transformer<In = any, Out = any> {
  start?(controller: TransformStreamDefaultController<Out>): unknown;
  transform?(chunk: In, controller: TransformStreamDefaultController<Out>): unknown;
  flush?(controller: TransformStreamDefaultController<Out>): unknown;
  cancel?(reason?: any): unknown;
}
type ReadableStreamReadResult<Chunk> = { done: false; value: Chunk } | { done: true; value: Chunk | undefined };
type ReadableStreamReader<Chunk> = ReadableStreamDefaultReader<Chunk> | ReadableStreamBYOBReader;

declare class ReadableStream<Chunk = any> implements AsyncIterable<Chunk> {
  constructor(source: UnderlyingByteSource, strategy?: { highWaterMark?: number });
  constructor(source?: UnderlyingSource<Chunk>, strategy?: QueuingStrategy<Chunk>);
  static from<Chunk>(iterable: Iterable<Chunk | PromiseLike<Chunk>> | AsyncIterable<Chunk>): ReadableStream<Chunk>;
  readonly locked: boolean;
  cancel(reason?: any): Promise<void>;
  getReader(options: { mode: "byob" }): ReadableStreamBYOBReader;
  getReader(options?: { mode?: undefined }): ReadableStreamDefaultReader<Chunk>;
  pipeThrough<Out>(transform: ReadableWritablePair<Out, Chunk>, options?: StreamPipeOptions): ReadableStream<Out>;
  pipeTo(destination: WritableStream<Chunk>, options?: StreamPipeOptions): Promise<void>;
  tee(): [ReadableStream<Chunk>, ReadableStream<Chunk>];
  values(options?: { preventCancel?: boolean }): AsyncIterableIterator<Chunk>;
  [Symbol.asyncIterator](options?: { preventCancel?: boolean }): AsyncIterableIterator<Chunk>;
}

declare class ReadableStreamDefaultReader<Chunk = any> {
  constructor(stream: ReadableStream<Chunk>);
  readonly closed: Promise<undefined>;
  cancel(reason?: any): Promise<void>;
  read(): Promise<ReadableStreamReadResult<Chunk>>;
  releaseLock(): void;
}

declare class ReadableStreamBYOBReader {
  constructor(stream: ReadableStream);
  readonly closed: Promise<undefined>;
  cancel(reason?: any): Promise<void>;
  read<View extends ArrayBufferView>(view: View, options?: { min?: number }): Promise<ReadableStreamReadResult<View>>;
  releaseLock(): void;
}

declare class ReadableStreamDefaultController<Chunk = any> {
  private constructor();
  readonly desiredSize: number | null;
  close(): void;
  enqueue(chunk?: Chunk): void;
  error(reason?: any): void;
}

declare class ReadableByteStreamController {
  private constructor();
  readonly byobRequest: ReadableStreamBYOBRequest | null;
  readonly desiredSize: number | null;
  close(): void;
  enqueue(chunk: ArrayBufferView): void;
  error(reason?: any): void;
}

declare class ReadableStreamBYOBRequest {
  private constructor();
  readonly view: Uint8Array<ArrayBuffer> | null;
  respond(bytesWritten: number): void;
  respondWithNewView(view: ArrayBufferView): void;
}

declare class WritableStream<Chunk = any> {
  constructor(sink?: UnderlyingSink<Chunk>, strategy?: QueuingStrategy<Chunk>);
  readonly locked: boolean;
  abort(reason?: any): Promise<void>;
  close(): Promise<void>;
  getWriter(): WritableStreamDefaultWriter<Chunk>;
}

declare class WritableStreamDefaultWriter<Chunk = any> {
  constructor(stream: WritableStream<Chunk>);
  readonly closed: Promise<undefined>;
  readonly desiredSize: number | null;
  readonly ready: Promise<undefined>;
  abort(reason?: any): Promise<void>;
  close(): Promise<void>;
  releaseLock(): void;
  write(chunk?: Chunk): Promise<void>;
}

declare class WritableStreamDefaultController {
  private constructor();
  readonly signal: AbortSignal;
  error(reason?: any): void;
}

declare class TransformStream<In = any, Out = any> {
  constructor(
    transformer?: Transformer<In, Out>, writableStrategy?: QueuingStrategy<In>, readableStrategy?: QueuingStrategy<Out>,
  );
  readonly readable: ReadableStream<Out>;
  readonly writable: WritableStream<In>;
}

declare class TransformStreamDefaultController<Out = any> {
  private constructor();
  readonly desiredSize: number | null;
  enqueue(chunk?: Out): void;
  error(reason?: any): void;
  terminate(): void;
}

declare class ByteLengthQueuingStrategy {
  constructor(init: { highWaterMark: number });
  readonly highWaterMark: number;
  readonly size: (chunk?: any) => number;
}

declare class CountQueuingStrategy {
  constructor(init: { highWaterMark: number });
  readonly highWaterMark: number;
  readonly size: (chunk?: any) => number;
}

declare class FixedLengthStream extends IdentityTransformStream {
  constructor(length: number | bigint, strategy?: { highWaterMark?: number });
}

declare class IdentityTransformStream extends TransformStream<BufferSource, Uint8Array<ArrayBuffer>> {
  constructor(strategy?: { highWaterMark?: number });
}

// --- Crypto ---------------------------------------------------------------------------------------------------------

type AlgorithmIdentifier = string | { name: string; [parameter: string]: any };
type KeyFormat = "jwk" | "pkcs8" | "raw" | "raw-private" | "raw-public" | "raw-secret" | "raw-seed" | "spki";
type KeyUsage = "decrypt" | "deriveBits" | "deriveKey" | "encrypt" | "sign" | "unwrapKey" | "verify" | "wrapKey";
type IntegerTypedArray =
  | Int8Array | Uint8Array | Uint8ClampedArray | Int16Array | Uint16Array | Int32Array | Uint32Array
  | BigInt64Array | BigUint64Array;

interface JsonWebKey {
  kty?: string;
  use?: string;
  key_ops?: string[];
  alg?: string;
  ext?: boolean;
  crv?: string;
  x?: string;
  y?: string;
  d?: string;
  n?: string;
  e?: string;
  p?: string;
  q?: string;
  dp?: string;
  dq?: string;
  qi?: string;
  oth?: { r?: string; d?: string; t?: string }[];
  k?: string;
}

interface CryptoKeyPair {
  publicKey: CryptoKey;
  privateKey: CryptoKey;
}

declare class Crypto {
  private constructor();
  readonly DigestStream: { new (algorithm: AlgorithmIdentifier): DigestStream; readonly prototype: DigestStream };
  readonly subtle: SubtleCrypto;
  getRandomValues<View extends IntegerTypedArray>(array: View): View;
  randomUUID(): `${string}-${string}-${string}-${string}-${string}`;
}

declare class CryptoKey {
  private constructor();
  readonly algorithm: { name: string; [parameter: string]: any };
  readonly extractable: boolean;
  readonly type: "private" | "public" | "secret";
  readonly usages: KeyUsage[];
}

declare class SubtleCrypto {
  private constructor();
  decrypt(algorithm: AlgorithmIdentifier, key: CryptoKey, data: BufferSource): Promise<ArrayBuffer>;
  deriveBits(algorithm: AlgorithmIdentifier, baseKey: CryptoKey, length?: number | null): Promise<ArrayBuffer>;
  deriveKey(
    algorithm: AlgorithmIdentifier, baseKey: CryptoKey, derivedKeyType: AlgorithmIdentifier, extractable: boolean,
    usages: KeyUsage[],
  ): Promise<CryptoKey>;
  digest(algorithm: AlgorithmIdentifier, data: BufferSource): Promise<ArrayBuffer>;
  encrypt(algorithm: AlgorithmIdentifier, key: CryptoKey, data: BufferSource): Promise<ArrayBuffer>;
  exportKey(format: "jwk", key: CryptoKey): Promise<JsonWebKey>;
  exportKey(format: Exclude<KeyFormat, "jwk">, key: CryptoKey): Promise<ArrayBuffer>;
  getPublicKey(key: CryptoKey, usages: KeyUsage[]): Promise<CryptoKey>;
  generateKey(algorithm: AlgorithmIdentifier, extractable: boolean, usages: KeyUsage[]): Promise<any>;
  importKey(
    format: KeyFormat, keyData: BufferSource | JsonWebKey, algorithm: AlgorithmIdentifier, extractable: boolean,
    usages: KeyUsage[],
  ): Promise<CryptoKey>;
  sign(algorithm: AlgorithmIdentifier, key: CryptoKey, data: BufferSource): Promise<ArrayBuffer>;
  timingSafeEqual(a: BufferSource, b: BufferSource): boolean;
  unwrapKey(
    format: KeyFormat, wrappedKey: BufferSource, unwrappingKey: CryptoKey, unwrapAlgorithm: AlgorithmIdentifier,
    unwrappedKeyAlgorithm: AlgorithmIdentifier, extractable: boolean, usages: KeyUsage[],
  ): Promise<CryptoKey>;
  verify(algorithm: AlgorithmIdentifier, key: CryptoKey, signature: BufferSource, data: BufferSource): Promise<boolean>;
  wrapKey(
    format: KeyFormat, key: CryptoKey, wrappingKey: CryptoKey, wrapAlgorithm: AlgorithmIdentifier,
  ): Promise<ArrayBuffer>;
}

/** As on Workers; made by `new crypto.DigestStream(algorithm)`. */
interface DigestStream extends WritableStream<BufferSource> {
  readonly digest: Promise<ArrayBuffer>;
  readonly bytesWritten: bigint;
}

// --- Time -----------------------------------------------------------------------------------------------------------

interface PerformanceMarkOptions {
  detail?: any;
  startTime?: number;
}
interface PerformanceMeasureOptions {
  detail?: any;
  start?: string | number;
  duration?: number;
  end?: string | number;
}

declare class Performance extends EventTarget {
  private constructor();
  readonly timeOrigin: number;
  clearMarks(name?: string): void;
  clearMeasures(name?: string): void;
  getEntries(): PerformanceEntry[];
  getEntriesByName(name: string, type?: string): PerformanceEntry[];
  getEntriesByType(type: string): PerformanceEntry[];
  mark(name: string, options?: PerformanceMarkOptions): PerformanceMark;
  measure(name: string, startOrOptions?: string | PerformanceMeasureOptions, end?: string): PerformanceMeasure;
  now(): number;
  toJSON(): any;
}

declare class PerformanceEntry {
  protected constructor();
  readonly name: string;
  readonly entryType: string;
  readonly startTime: number;
  readonly duration: number;
  readonly id: number;
  readonly navigationId: number;
  toJSON(): any;
}

declare class PerformanceMark extends PerformanceEntry {
  constructor(name: string, options?: PerformanceMarkOptions);
  readonly detail: any;
}

declare class PerformanceMeasure extends PerformanceEntry {
  private constructor();
  readonly detail: any;
}

interface PerformanceObserverInit {
  entryTypes?: string[];
  type?: string;
  buffered?: boolean;
}

declare class PerformanceObserver {
  constructor(callback: (
    entries: PerformanceObserverEntryList, observer: PerformanceObserver, options?: { droppedEntriesCount?: number },
  ) => void);
  static readonly supportedEntryTypes: readonly string[];
  disconnect(): void;
  observe(options?: PerformanceObserverInit): void;
  takeRecords(): PerformanceEntry[];
}

declare class PerformanceObserverEntryList {
  private constructor();
  getEntries(): PerformanceEntry[];
  getEntriesByName(name: string, type?: string): PerformanceEntry[];
  getEntriesByType(type: string): PerformanceEntry[];
}

// --- Context that follows promises and timers -----------------------------------------------------------------------

declare class AsyncLocalStorage<Store = any> {
  constructor(options?: { defaultValue?: Store; name?: string });
  static bind<Callback extends (...args: any[]) => any>(callback: Callback): Callback;
  static snapshot(): <Result>(callback: (...args: any[]) => Result, ...args: any[]) => Result;
  readonly name: string;
  disable(): void;
  enterWith(store: Store): void;
  exit<Result>(callback: (...args: any[]) => Result, ...args: any[]): Result;
  getStore(): Store | undefined;
  run<Result>(store: Store, callback: (...args: any[]) => Result, ...args: any[]): Result;
}

declare namespace AsyncContext {
  class Variable<Value = any> {
    constructor(options?: { defaultValue?: Value; name?: string });
    readonly name: string;
    get(): Value | undefined;
    run<Result>(value: Value, callback: (...args: any[]) => Result, ...args: any[]): Result;
  }
  class Snapshot {
    constructor();
    static wrap<Callback extends (...args: any[]) => any>(callback: Callback): Callback;
    run<Result>(callback: (...args: any[]) => Result, ...args: any[]): Result;
  }
}

declare module "node:async_hooks" {
  class Storage<Store = any> extends AsyncLocalStorage<Store> {}
  class AsyncResource {
    constructor(type: string);
    static bind<Callback extends (...args: any[]) => any>(callback: Callback, type?: string, thisArgument?: any): Callback;
    asyncId(): number;
    bind<Callback extends (...args: any[]) => any>(callback: Callback, thisArgument?: any): Callback;
    emitDestroy(): this;
    runInAsyncScope<Result>(callback: (...args: any[]) => Result, thisArgument?: any, ...args: any[]): Result;
    triggerAsyncId(): number;
  }
  const hooks: { AsyncLocalStorage: typeof Storage; AsyncResource: typeof AsyncResource };
  export { Storage as AsyncLocalStorage, AsyncResource, hooks as default };
}
declare module "async_hooks" {
  export * from "node:async_hooks";
  export { default } from "node:async_hooks";
}

// --- WebAssembly ----------------------------------------------------------------------------------------------------

declare namespace WebAssembly {
  type ImportExportKind = "function" | "global" | "memory" | "table" | "tag";
  type ValueType = "anyfunc" | "externref" | "f32" | "f64" | "i32" | "i64" | "v128";
  type ImportValue = Function | Global | Memory | Table | Tag | number | bigint;
  type Imports = Record<string, Record<string, ImportValue>>;
  type Exports = Record<string, any>;
  interface Instantiated {
    instance: Instance;
    module: Module;
  }

  class Module {
    constructor(bytes: BufferSource);
    static customSections(module: Module, name: string): ArrayBuffer[];
    static exports(module: Module): { kind: ImportExportKind; name: string }[];
    static imports(module: Module): { kind: ImportExportKind; module: string; name: string }[];
  }
  class Instance {
    constructor(module: Module, imports?: Imports);
    readonly exports: Exports;
  }
  class Memory {
    constructor(descriptor: { initial: number; maximum?: number; shared?: boolean });
    readonly buffer: ArrayBuffer;
    grow(delta: number): number;
    toFixedLengthBuffer(): ArrayBuffer;
    toResizableBuffer(): ArrayBuffer;
  }
  class Table {
    constructor(descriptor: { element: "anyfunc" | "externref"; initial: number; maximum?: number }, value?: any);
    readonly length: number;
    get(index: number): any;
    grow(delta: number, value?: any): number;
    set(index: number, value?: any): void;
  }
  class Global<Value = any> {
    constructor(descriptor: { value: ValueType; mutable?: boolean }, value?: Value);
    value: Value;
    valueOf(): Value;
  }
  class Tag {
    constructor(type: { parameters: ValueType[] });
  }
  class Exception {
    constructor(tag: Tag, payload: any[], options?: { traceStack?: boolean });
    getArg(tag: Tag, index: number): any;
    is(tag: Tag): boolean;
    readonly stack: string | undefined;
  }
  class Suspending {
    constructor(callback: Function);
  }
  class SuspendError extends Error {
    name: string;
    message: string;
  }
  class CompileError extends Error {
    name: string;
    message: string;
  }
  class LinkError extends Error {
    name: string;
    message: string;
  }
  class RuntimeError extends Error {
    name: string;
    message: string;
  }
  const JSTag: Tag;
  function compile(bytes: BufferSource): Promise<Module>;
  function compileStreaming(source: Response | PromiseLike<Response>): Promise<Module>;
  function instantiate(bytes: BufferSource, imports?: Imports): Promise<Instantiated>;
  function instantiate(module: Module, imports?: Imports): Promise<Instance>;
  function instantiateStreaming(source: Response | PromiseLike<Response>, imports?: Imports): Promise<Instantiated>;
  function promising(exported: Function): (...args: any[]) => Promise<any>;
  function validate(bytes: BufferSource): boolean;
}
